# SPDX-License-Identifier: GPL-2.0-or-later
# FTP: the user's password is wrong, three times.
play() {
	client_and_server 00:1e:bd:10:44:a8
	ftp_server server 3
	start_capture client
	for i in 1 2 3; do
		on client curl -sS -o /dev/null --noproxy '*' -u reader:wrong ftp://198.51.100.20/in/ 2>>"$work/client.log" || true
	done
	stop_capture
}
