# SPDX-License-Identifier: GPL-2.0-or-later
# A client reads 8 KB every 60 ms: its window closes again and again, and the server waits for it.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	wire_ms=4
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80;
	EOF
	head -c 300000 /dev/urandom >"$work/web-server-80/root/file"
	sleep 0.5
	start_capture server -s 96
	on client python3 - <<-EOF
		import socket, time
		for name in "one", "two":
		    with socket.socket() as s:
		        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
		        s.connect(("198.51.100.20", 80))
		        s.sendall(b"GET /file?" + name.encode() + b" HTTP/1.1\r\nHost: files.example\r\n\r\n")
		        left = 300000
		        while left > 0:
		            left -= len(s.recv(8192))
		            time.sleep(0.06)
	EOF
	stop_capture
}
