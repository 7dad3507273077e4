# SPDX-License-Identifier: GPL-2.0-or-later
# Something on the path changes a byte of every ninth large packet; its receiver drops them for their checksum.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	wire_ms=15
	wire_fault=damage=9
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80;
	EOF
	head -c 70000 /dev/zero >"$work/web-server-80/root/file"
	sleep 0.5
	start_capture client
	get client http://www.example/file 198.51.100.20
	stop_capture
}
