# SPDX-License-Identifier: GPL-2.0-or-later
# Healthy HTTPS over IPv6, in a pcapng file.
play() {
	format=pcapng
	client_and_server 00:1e:bd:10:44:a8
	add_ipv6_to_client_and_server
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
