# SPDX-License-Identifier: GPL-2.0-or-later
# Healthy HTTPS: six requests, TLS 1.2 and 1.3 in turn.
play() {
	client_and_server 00:1e:bd:10:44:a8
	certificates www.example
	web server 443 <<-EOF
		listen 443 ssl; ssl_protocols TLSv1.2 TLSv1.3;
		ssl_certificate $work/server.pem; ssl_certificate_key $work/server.key;
	EOF
	start_capture client
	for version in 1.2 1.3 1.2 1.3 1.2 1.3; do
		get client https://www.example/ 198.51.100.20 --tls-max $version
		sleep 0.1
	done
	stop_capture
}
