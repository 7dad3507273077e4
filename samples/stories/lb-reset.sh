# SPDX-License-Identifier: GPL-2.0-or-later
# TLS clients are reset 5 s after their ClientHello; the first hop is an F5 load balancer.
play() {
	client_and_server 00:01:d7:3e:10:42
	certificates customerweb.example
	web server 80 <<-EOF
		listen 80; return 301 https://customerweb.example/;
	EOF
	serve server 443 python3 "$here/programs/tls_reset.py" 443 5
	start_capture client
	get client http://customerweb.example/ 198.51.100.20
	for _ in 1 2 3 4; do
		get client https://customerweb.example/ 198.51.100.20
		sleep 0.4
	done
	stop_capture
}
