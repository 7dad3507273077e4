# SPDX-License-Identifier: GPL-2.0-or-later
# The same way through an F5 load balancer, and all is well: nothing but the gateway is worth a word.
play() {
	gateway 00:01:d7:3e:10:42
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
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
