# SPDX-License-Identifier: GPL-2.0-or-later
# A program never accepts; of eight connections made at once three fit in its queue, and the kernel resets the others at
# the end of their handshake (tcp_abort_on_overflow). Port 80 of the same host works.
play() {
	local i

	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	wire_ms=20
	host server out 198.51.100.20 00:50:56:8a:22:14
	on server sysctl -qw net.ipv4.tcp_abort_on_overflow=1
	web server 80 <<-EOF
		listen 80;
	EOF
	serve server 7100 python3 "$here/programs/never_accepts.py" 7100 2
	start_capture client
	get client http://www.example/ 198.51.100.20
	for i in 1 2 3 4 5 6 7 8; do
		start client python3 "$here/programs/hold.py" client 198.51.100.20 7100 60
	done
	sleep 4
	stop_capture
}
