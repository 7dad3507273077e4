# SPDX-License-Identifier: GPL-2.0-or-later
# In the middle of a download the server's route back gets one router longer.
play() {
	client_and_server 00:1e:bd:10:44:a8
	host detour out 198.51.100.2 00:50:56:8a:22:15
	on detour sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0
	serve server 80 python3 "$here/programs/half_answer.py" 80 200000 200000 5
	start_capture client -s 96
	get client http://www.example/file 198.51.100.20 &
	tasks+=($!)
	sleep 2.5
	on server ip route replace 192.0.2.0/24 via 198.51.100.2
	sleep 4
	stop_capture
}
