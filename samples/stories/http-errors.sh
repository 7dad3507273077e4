# SPDX-License-Identifier: GPL-2.0-or-later
# A web server answers its pages, and 503 to all that goes to its API: the backend is down.
play() {
	client_and_server 00:1e:bd:10:44:a8
	web server 80 <<-EOF
		listen 80;
		location /api/ { proxy_pass http://127.0.0.1:9; }
		error_page 502 =503 /busy.html;
	EOF
	printf 'Come back later.\n' >"$work/web-server-80/root/busy.html"
	start_capture client
	for _ in 1 2 3 4; do
		get client http://shop.example/index.html 198.51.100.20
		get client http://shop.example/api/orders 198.51.100.20
		sleep 0.3
	done
	stop_capture
}
