# SPDX-License-Identifier: GPL-2.0-or-later
# The server allows one TLS 1.2 cipher suite that the client does not offer: alert 40 instead of a ServerHello.
play() {
	client_and_server 00:1e:bd:10:44:a8
	certificates www.example
	serve server 443 openssl s_server -accept 443 -www -tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305 \
		-cert "$work/server.pem" -key "$work/server.key"
	start_capture client
	for _ in 1 2; do
		get client https://www.example/ 198.51.100.20 --tls-max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256
		sleep 0.3
	done
	stop_capture
}
