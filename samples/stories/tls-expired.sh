# SPDX-License-Identifier: GPL-2.0-or-later
# The server's certificate has expired and the client refuses it (TLS 1.2, so that the certificate is in clear).
play() {
	client_and_server 00:1e:bd:10:44:a8
	expired=3 certificates www.example
	serve server 443 openssl s_server -accept 443 -www -tls1_2 -cert "$work/server.pem" -key "$work/server.key"
	start_capture client
	get client https://www.example/ 198.51.100.20
	get client https://www.example/ 198.51.100.20
	stop_capture
}
