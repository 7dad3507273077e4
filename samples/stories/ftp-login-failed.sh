# SPDX-License-Identifier: GPL-2.0-or-later
# FTP: the user's password is wrong, three times.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	ftp_server server 3
	start_capture client
	for i in 1 2 3; do
		on client curl -sS -o /dev/null --noproxy '*' -u reader:wrong ftp://198.51.100.20/in/ 2>>"$work/client.log" || true
	done
	stop_capture
}
