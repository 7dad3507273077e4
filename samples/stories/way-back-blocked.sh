# SPDX-License-Identifier: GPL-2.0-or-later
# A firewall lets the SYNs to port 8443 through and drops the answers; captured on the server. Port 80 works.
play() {
	client_and_server 00:1e:bd:10:44:a8
	web server 80 <<-EOF
		listen 80; listen 8443;
	EOF
	firewall <<-EOF
		table ip fw { chain pass { type filter hook forward priority 0; tcp sport 8443 drop; }; }
	EOF
	start_capture server
	get client http://www.example/ 198.51.100.20
	for _ in 1 2; do
		get client http://www.example:8443/ 198.51.100.20 --connect-timeout 6
	done
	stop_capture
}
