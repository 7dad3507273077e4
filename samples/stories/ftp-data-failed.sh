# SPDX-License-Identifier: GPL-2.0-or-later
# FTP in passive mode: a firewall lets port 21 through and drops the ports that the server announces.
play() {
	client_and_server 00:1e:bd:10:44:a8
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
