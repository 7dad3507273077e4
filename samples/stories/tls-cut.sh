# SPDX-License-Identifier: GPL-2.0-or-later
# A TLS 1.2 server answers the ClientHello, gets the client's key exchange and resets 1.5 s later, three times.
play() {
	client_and_server 00:1e:bd:10:44:a8
	certificates orders.example
	web server 80 <<-EOF
		listen 80;
	EOF
	serve server 443 python3 "$here/programs/tls_cut.py" 443 1.5 "$work/server.pem" "$work/server.key"
	start_capture client
	get client http://orders.example/ 198.51.100.20
	for _ in 1 2 3; do
		get client https://orders.example/ 198.51.100.20
		sleep 0.4
	done
	stop_capture
}
