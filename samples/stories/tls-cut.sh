# SPDX-License-Identifier: GPL-2.0-or-later
# A TLS 1.2 server answers the ClientHello, gets the client's key exchange and resets 1.5 s later, three times.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
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
