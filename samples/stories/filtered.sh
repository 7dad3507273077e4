# SPDX-License-Identifier: GPL-2.0-or-later
# A firewall drops what goes to port 443 without a word; port 80 of the same host works.
play() {
	client_and_server 00:1b:17:00:01:30
	web server 80 <<-EOF
		listen 80; listen 443;
	EOF
	firewall <<-EOF
		table ip fw { chain pass { type filter hook forward priority 0; tcp dport 443 drop; }; }
	EOF
	start_capture client
	get client http://www.example/ 198.51.100.20
	for _ in 1 2; do
		get client https://www.example/ 198.51.100.20 --connect-timeout 8
		get client http://www.example/ 198.51.100.20
	done
	stop_capture
}
