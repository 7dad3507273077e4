# SPDX-License-Identifier: GPL-2.0-or-later
# Two troubles of one host: port 8443 resets TLS clients 2.5 s after their ClientHello, port 81 is refused.
play() {
	client_and_server 00:1e:bd:10:44:a8
	add_ipv6_to_client_and_server
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
