# SPDX-License-Identifier: GPL-2.0-or-later
# FTP in active mode, captured at the server: a firewall drops the connections that vsftpd opens to the client's ports.
play() {
	client_and_server 00:09:0f:5a:20:11
	firewall <<-EOF
		table ip filter {
			chain forward {
				type filter hook forward priority 0
				ip saddr 198.51.100.20 tcp sport != 21 tcp flags & (syn | ack) == syn drop
			}
		}
	EOF
	connect_timeout=4 ftp_server server 3
	start_capture server
	timeout=16 mirror client 198.51.100.20 no
	stop_capture
}
