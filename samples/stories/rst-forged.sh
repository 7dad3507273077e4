# SPDX-License-Identifier: GPL-2.0-or-later
# A firewall lets handshakes through and answers each request to port 8080 with a RST in the server's name, at once,
# over a wire of 20 ms. Port 80 of the same host works.
play() {
	wire_ms=20
	gateway 00:1b:17:00:01:30
	wire_ms=0
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	wire_ms=20
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80; listen 8080;
	EOF
	firewall <<-EOF
		table ip fw { chain pass { type filter hook forward priority 0;
			tcp dport 8080 tcp flags & (psh | ack) == psh | ack reject with tcp reset; }; }
	EOF
	start_capture client
	get client http://www.example/ 198.51.100.20
	for _ in 1 2 3; do
		get client http://www.example:8080/ 198.51.100.20
		sleep 0.3
	done
	stop_capture
}
