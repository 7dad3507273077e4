# SPDX-License-Identifier: GPL-2.0-or-later
# Healthy FTP in active mode: 30 files.
play() {
	client_and_server 00:1e:bd:10:44:a8
	ftp_server server 30
	start_capture client
	mirror client 198.51.100.20 no
	stop_capture
}
