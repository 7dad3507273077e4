# SPDX-License-Identifier: GPL-2.0-or-later
# The server's certificate begins tomorrow; one client refuses it, one does not look.
play() {
	client_and_server 00:1e:bd:10:44:a8
	begins=1 certificates www.example
	serve server 443 openssl s_server -accept 443 -www -tls1_2 -cert "$work/server.pem" -key "$work/server.key"
	start_capture client
	get client https://www.example/ 198.51.100.20
	get client https://www.example/ 198.51.100.20 -k
	stop_capture
}
