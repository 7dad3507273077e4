# SPDX-License-Identifier: GPL-2.0-or-later
# A healthy request, captured with a filter that the file records: what else happened is not to be seen.
play() {
	format=pcapng
	client_and_server 00:1e:bd:10:44:a8
	web server 80 <<-EOF
		listen 80;
	EOF
	echo hello >"$work/web-server-80/root/file"
	sleep 0.5
	start_capture client -f "tcp port 80"
	get client http://www.example/file 198.51.100.20
	stop_capture
}
