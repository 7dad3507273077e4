# SPDX-License-Identifier: GPL-2.0-or-later
# A TLS 1.2 server demands a client certificate; twice the client has none, the third time it shows one.
play() {
	client_and_server 00:1e:bd:10:44:a8
	certificates api.example
	serve server 8443 openssl s_server -accept 8443 -www -tls1_2 -Verify 1 -verify_return_error \
		-CAfile "$work/ca.pem" -cert "$work/server.pem" -key "$work/server.key"
	start_capture client
	get client https://api.example:8443/ 198.51.100.20
	sleep 0.5
	get client https://api.example:8443/ 198.51.100.20
	sleep 0.5
	get client https://api.example:8443/ 198.51.100.20 --cert "$work/client.pem" --key "$work/client.key"
	stop_capture
}
