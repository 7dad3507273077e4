# SPDX-License-Identifier: GPL-2.0-or-later
# A client opens a connection for each of its 30 requests, although the server would keep them open.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80;
	EOF
	start_capture client
	for _ in $(seq 30); do
		get client http://api.example/ 198.51.100.20
	done
	stop_capture
}
