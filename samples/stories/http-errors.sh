# SPDX-License-Identifier: GPL-2.0-or-later
# A web server answers its pages, and 503 to all that goes to its API: the backend is down.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
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
