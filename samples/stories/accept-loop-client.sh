# SPDX-License-Identifier: GPL-2.0-or-later
# The blocked accept loop of accept-loop as one of the waiting clients sees it: the silent connection is not in the capture.
play() {
	gateway 00:09:0f:5a:20:11
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host monitor in 192.0.2.240 00:25:90:3c:70:f0
	host server out 198.51.100.20 00:50:56:8a:22:14
	certificates license.example
	serve server 27001 python3 "$here/programs/tls_one_by_one.py" 27001 "$work/server.pem" "$work/server.key"
	start_capture client
	for _ in 1 2; do
		ask_some 4
		start monitor python3 -c 'import socket, time
s = socket.create_connection(("198.51.100.20", 27001)); time.sleep(7); s.close()'
		sleep 0.5
		ask_some 1
	done
	ask_some 3
	stop_capture
}

ask_some() {
	local left

	for left in $(seq "$1"); do
		get client https://license.example:27001/ 198.51.100.20 -m 30
		sleep 0.4
	done
}
