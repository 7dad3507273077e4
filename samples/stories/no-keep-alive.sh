# SPDX-License-Identifier: GPL-2.0-or-later
# A client opens a connection for each of its 30 requests, although the server would keep them open.
play() {
	client_and_server 00:1e:bd:10:44:a8
	web server 80 <<-EOF
		listen 80;
	EOF
	start_capture client
	for _ in $(seq 30); do
		get client http://api.example/ 198.51.100.20
	done
	stop_capture
}
