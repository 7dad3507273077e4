# SPDX-License-Identifier: GPL-2.0-or-later
# A proxy in front of the server passes the ServerHello on and nothing behind it; the client gives up after 6 s.
play() {
	client_and_server 00:1e:bd:10:44:a8
	certificates www.example
	serve server 8443 openssl s_server -accept 8443 -www -tls1_3 -cert "$work/server.pem" -key "$work/server.key"
	serve server 443 python3 "$here/programs/tls_middle.py" 443 127.0.0.1 8443 hold down 127
	start_capture client
	get client https://www.example/ 198.51.100.20 -m 6
	get client https://www.example/ 198.51.100.20 -m 6
	stop_capture
}
