# SPDX-License-Identifier: GPL-2.0-or-later
# A server takes 5 s before it reads the ClientHello; the client gives up after 1.2 s.
play() {
	client_and_server 00:1e:bd:10:44:a8
	certificates www.example
	serve server 443 python3 "$here/programs/tls_reset.py" 443 5 fin
	start_capture client
	get client https://www.example/ 198.51.100.20 -m 1.2
	sleep 0.8
	get client https://www.example/ 198.51.100.20 -m 1.2
	stop_capture
}
