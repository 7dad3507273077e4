# SPDX-License-Identifier: GPL-2.0-or-later
# A host sends packets whose headers contradict themselves, beside healthy requests of another.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host broken in 192.0.2.66 00:25:90:3c:71:e2
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80;
	EOF
	echo hello >"$work/web-server-80/root/file"
	sleep 0.5
	start_capture router:br-in
	get client http://www.example/file 198.51.100.20
	on broken python3 "$here/programs/bad_headers.py" eth0
	get client http://www.example/file 198.51.100.20
	stop_capture
}
