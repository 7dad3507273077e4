# SPDX-License-Identifier: GPL-2.0-or-later
# Healthy HTTPS over IPv6, in a pcapng file.
play() {
	format=pcapng
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	add_ipv6 <<-EOF
		client 2001:db8:1::10 2001:db8:1::1
		server 2001:db8:2::20 2001:db8:2::1
	EOF
	certificates www.example
	web server 443 <<-EOF
		listen [::]:443 ssl; ssl_certificate $work/server.pem; ssl_certificate_key $work/server.key;
	EOF
	start_capture client
	for _ in 1 2 3; do
		get client https://www.example/ "[2001:db8:2::20]"
	done
	stop_capture
}
