# SPDX-License-Identifier: GPL-2.0-or-later
# A healthy request, captured with a filter that the file records: what else happened is not to be seen.
play() {
	format=pcapng
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80;
	EOF
	echo hello >"$work/web-server-80/root/file"
	sleep 0.5
	start_capture client -f "tcp port 80"
	get client http://www.example/file 198.51.100.20
	stop_capture
}
