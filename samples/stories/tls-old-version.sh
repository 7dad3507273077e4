# SPDX-License-Identifier: GPL-2.0-or-later
# A server that speaks nothing newer than TLS 1.0.
play() {
	client_and_server 00:1e:bd:10:44:a8
	certificates old.example
	serve server 443 openssl s_server -accept 443 -www -tls1 -cipher ALL:@SECLEVEL=0 -cert "$work/server.pem" \
		-key "$work/server.key"
	start_capture client
	get client https://old.example/ 198.51.100.20 --tlsv1.0 --tls-max 1.0 --ciphers ALL:@SECLEVEL=0
	stop_capture
}
