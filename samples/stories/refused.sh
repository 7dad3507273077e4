# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing listens on port 8443 of a healthy host: its kernel refuses, over IPv4 and IPv6.
play() {
	client_and_server 00:1e:bd:10:44:a8
	add_ipv6_to_client_and_server
	web server 80 <<-EOF
		listen 80; listen [::]:80;
	EOF
	start_capture client
	get client http://www.example/ 198.51.100.20
	get client http://www.example/ "[2001:db8:2::20]"
	for _ in 1 2 3; do
		get client https://www.example:8443/ 198.51.100.20
		get client https://www.example:8443/ "[2001:db8:2::20]"
		sleep 0.3
	done
	stop_capture
}
