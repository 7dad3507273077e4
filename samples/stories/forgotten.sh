# SPDX-License-Identifier: GPL-2.0-or-later
# Two clients hold connections to a server; its sockets vanish (ss -K), as in a crash or failover, with nothing said on
# the wire; the capture begins then. The next line of each client is answered by a RST.
play() {
	local i

	client_and_server 00:1e:bd:10:44:a8
	web server 80 <<-EOF
		listen 80;
	EOF
	serve server 5432 python3 "$here/programs/hold.py" server 5432
	for i in 1 2; do
		start client python3 "$here/programs/hold.py" client 198.51.100.20 5432 1 14
	done
	sleep 8
	on server iptables -A OUTPUT -p tcp --sport 5432 -j DROP
	on server ss -K dst 192.0.2.10 sport = :5432 >>"$work/server.log" 2>&1
	on server iptables -F OUTPUT
	start_capture client
	get client http://www.example/ 198.51.100.20
	sleep 9
	stop_capture
}
