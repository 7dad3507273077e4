# SPDX-License-Identifier: GPL-2.0-or-later
# Healthy FTP in active mode: 30 files.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
	ftp_server server 30
	start_capture client
	mirror client 198.51.100.20 no
	stop_capture
}
