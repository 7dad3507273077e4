# SPDX-License-Identifier: GPL-2.0-or-later
# A Fortinet gateway rejects what goes to port 443 with ICMP; port 80 of the same host works.
play() {
	gateway 00:09:0f:5a:20:11
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80; listen 443;
	EOF
	firewall <<-EOF
		table ip fw { chain pass { type filter hook forward priority 0; tcp dport 443 reject with icmp admin-prohibited; }; }
	EOF
	start_capture client
	get client http://www.example/ 198.51.100.20
	for _ in 1 2 3; do
		get client https://www.example/ 198.51.100.20 --connect-timeout 8
		sleep 1.2 # Linux limits the rate of its ICMP errors
	done
	stop_capture
}
