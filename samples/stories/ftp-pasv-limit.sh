# SPDX-License-Identifier: GPL-2.0-or-later
# FTP in passive mode, one data connection per file; a firewall counts 320 connections for 4 minutes and drops the next.
play() {
	client_and_server 00:09:0f:5a:20:11
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
