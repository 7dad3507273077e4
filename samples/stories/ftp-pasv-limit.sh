# SPDX-License-Identifier: GPL-2.0-or-later
# FTP in passive mode, one data connection per file; a firewall counts 320 connections for 4 minutes and drops the next.
play() {
	gateway 00:09:0f:5a:20:11
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	ftp_server server 400
	firewall <<-EOF
		table ip fw {
			set slots { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic; timeout 240s; size 320; };
			chain pass {
				type filter hook forward priority 0;
				tcp flags & (syn|ack) == syn add @slots { ip saddr . tcp sport . ip daddr . tcp dport } accept;
				tcp flags & (syn|ack) == syn drop;
			};
		};
	EOF
	start_capture client
	timeout=40 mirror client 198.51.100.20 yes
	stop_capture
}
