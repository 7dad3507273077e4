# SPDX-License-Identifier: GPL-2.0-or-later
# FTP in passive mode: a firewall lets port 21 through and drops the ports that the server announces.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	firewall <<-EOF
		table ip filter {
			chain forward {
				type filter hook forward priority 0
				ip daddr 198.51.100.20 tcp dport 40000-60000 drop
			}
		}
	EOF
	ftp_server server 3
	start_capture client
	timeout=25 mirror client 198.51.100.20 yes
	stop_capture
}
