# SPDX-License-Identifier: GPL-2.0-or-later
# FTP in active mode from behind NAT that does not follow FTP, captured at the client: PORT names the client's private
# address, and vsftpd, which sees another one, refuses it. curl tries three times.
play() {
	client_and_server 00:0d:b9:4a:61:20
	firewall <<-EOF
		table ip nat {
			chain postrouting {
				type nat hook postrouting priority 100
				oifname br-out snat to 198.51.100.1
			}
		}
	EOF
	ftp_server server 3
	start_capture client
	for _ in 1 2 3; do
		on client timeout 10 curl -sS -o /dev/null -P - ftp://198.51.100.20/in/reading-1.txt 2>>"$work/client.log" || true
		sleep 0.5
	done
	stop_capture
}
