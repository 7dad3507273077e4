# SPDX-License-Identifier: GPL-2.0-or-later
# The same way through an F5 load balancer, and all is well: nothing but the gateway is worth a word.
play() {
	client_and_server 00:01:d7:3e:10:42
	certificates customerweb.example
	web server 443 <<-EOF
		listen 443 ssl; ssl_certificate $work/server.pem; ssl_certificate_key $work/server.key;
	EOF
	start_capture client
	for _ in 1 2 3 4; do
		get client https://customerweb.example/ 198.51.100.20
		sleep 0.4
	done
	stop_capture
}
