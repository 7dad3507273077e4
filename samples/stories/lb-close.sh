# SPDX-License-Identifier: GPL-2.0-or-later
# The service reads the ClientHello and closes with FIN 2 s later; the first hop is a Palo Alto firewall.
play() {
	client_and_server 00:1b:17:00:01:30
	certificates shop.example
	serve server 443 python3 "$here/programs/tls_reset.py" 443 2 fin
	start_capture client
	for _ in 1 2 3; do
		get client https://shop.example/ 198.51.100.20
		sleep 0.4
	done
	stop_capture
}
