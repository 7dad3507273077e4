# SPDX-License-Identifier: GPL-2.0-or-later
# A Fortinet gateway rejects what goes to port 443 with ICMP; port 80 of the same host works.
play() {
	client_and_server 00:09:0f:5a:20:11
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
