# SPDX-License-Identifier: GPL-2.0-or-later
# The service reads the ClientHello and closes with FIN 2 s later; the first hop is a Palo Alto firewall.
play() {
	gateway 00:1b:17:00:01:30
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	certificates shop.example
	serve server 443 python3 "$here/programs/tls_reset.py" 443 2 fin
	start_capture client
	for _ in 1 2 3; do
		get client https://shop.example/ 198.51.100.20
		sleep 0.4
	done
	stop_capture
}
