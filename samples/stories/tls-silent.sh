# SPDX-License-Identifier: GPL-2.0-or-later
# The server reads the ClientHello and never answers; the client gives up after 9 s.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	certificates www.example
	serve server 443 python3 "$here/programs/tls_reset.py" 443 3600
	start_capture client
	get client https://www.example/ 198.51.100.20 -m 9
	get client https://www.example/ 198.51.100.20 -m 9
	stop_capture
}
