# SPDX-License-Identifier: GPL-2.0-or-later
# A TLS server accepts and handshakes in one loop; a silent health check blocks it for 8 s, twice, and the clients wait.
play() {
	gateway 00:09:0f:5a:20:11
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host other in 192.0.2.11 00:1a:a0:6b:11:0b
	host monitor in 192.0.2.240 00:25:90:3c:70:f0
	host server out 198.51.100.20 00:50:56:8a:22:14
	certificates license.example
	serve server 27001 python3 "$here/programs/tls_one_by_one.py" 27001 "$work/server.pem" "$work/server.key"
	start_capture router:br-in
	ask client 25 0.9 &
	tasks+=($!)
	ask other 25 1.3 &
	tasks+=($!)
	sleep 4
	for _ in 1 2; do
		start monitor python3 -c 'import socket, time
s = socket.create_connection(("198.51.100.20", 27001)); time.sleep(8); s.close()'
		sleep 20
	done
	stop_capture
}

# ask HOST TIMES SECONDS: requests, so many seconds apart.
ask() {
	local left=$2

	while [ "$left" -gt 0 ]; do
		get "$1" https://license.example:27001/ 198.51.100.20 -m 30
		sleep "$3"
		left=$((left - 1))
	done
}
