# SPDX-License-Identifier: GPL-2.0-or-later
# The server's certificate is its own issuer; the client does not look.
play() {
	client_and_server 00:1e:bd:10:44:a8
	own_certificate server printer.example
	serve server 443 openssl s_server -accept 443 -www -tls1_2 -cert "$work/server.pem" -key "$work/server.key"
	start_capture client
	get client https://printer.example/ 198.51.100.20 -k
	get client https://printer.example/ 198.51.100.20 -k
	stop_capture
}
