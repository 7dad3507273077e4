# SPDX-License-Identifier: GPL-2.0-or-later
# A client talks to its network, and looks in vain for a printer that is switched off.
play() {
	client_and_server 00:1e:bd:10:44:a8
	web server 80 <<<'listen 80;'
	start_capture client
	get client http://www.example/ 198.51.100.20
	for i in 1 2; do
		on client curl -sS -o /dev/null --noproxy '*' -m 4 http://192.0.2.77:9100/ 2>>"$work/client.log" || true
	done
	get client http://www.example/ 198.51.100.20
	stop_capture
}
