# SPDX-License-Identifier: GPL-2.0-or-later
# The server reads the ClientHello and never answers; the client gives up after 9 s.
play() {
	client_and_server 00:1e:bd:10:44:a8
	certificates www.example
	serve server 443 python3 "$here/programs/tls_reset.py" 443 3600
	start_capture client
	get client https://www.example/ 198.51.100.20 -m 9
	get client https://www.example/ 198.51.100.20 -m 9
	stop_capture
}
