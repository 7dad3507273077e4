# SPDX-License-Identifier: GPL-2.0-or-later
# One host tries 60 ports of another, of which one is open, while a client uses that one.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host scanner in 192.0.2.66 00:0c:29:3b:70:5f
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80;
	EOF
	start_capture server
	get client http://www.example/ 198.51.100.20
	on scanner python3 "$here/programs/connect_all.py" 198.51.100.20 50 109
	get client http://www.example/ 198.51.100.20
	stop_capture
}
