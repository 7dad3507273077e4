# SPDX-License-Identifier: GPL-2.0-or-later
# The server allows one TLS 1.2 cipher suite that the client does not offer: alert 40 instead of a ServerHello.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
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
