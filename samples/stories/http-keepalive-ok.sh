# SPDX-License-Identifier: GPL-2.0-or-later
# Healthy HTTP: 200 requests on one connection that is kept open.
play() {
	client_and_server 00:1e:bd:10:44:a8
	web server 80 <<-EOF
		listen 80;
	EOF
	start_capture client
	get client 'http://www.example/?[1-200]' 198.51.100.20
	stop_capture
}
