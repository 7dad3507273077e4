# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing listens on port 8443 of a healthy host: its kernel refuses, over IPv4 and IPv6.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	add_ipv6 <<-EOF
		client 2001:db8:1::10 2001:db8:1::1
		server 2001:db8:2::20 2001:db8:2::1
	EOF
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
