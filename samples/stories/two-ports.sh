# SPDX-License-Identifier: GPL-2.0-or-later
# Two troubles of one host: port 8443 resets TLS clients 2.5 s after their ClientHello, port 81 is refused.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	add_ipv6 <<-EOF
		client 2001:db8:1::10 2001:db8:1::1
		server 2001:db8:2::20 2001:db8:2::1
	EOF
	certificates www.example
	serve server 8443 python3 "$here/programs/tls_reset.py" 8443 2.5
	start_capture client
	for _ in 1 2 3; do
		get client https://www.example:8443/ "[2001:db8:2::20]"
		get client http://www.example:81/ "[2001:db8:2::20]"
		sleep 0.4
	done
	stop_capture
}
