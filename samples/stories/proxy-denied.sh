# SPDX-License-Identifier: GPL-2.0-or-later
# The proxy (tinyproxy) does not allow port 8443 for CONNECT: 403.
play() {
	client_and_server 00:1e:bd:10:44:a8
	cat >"$work/tinyproxy.conf" <<-EOF
		Port 8888
		Listen 198.51.100.20
		Timeout 20
		MaxClients 20
		Allow 192.0.2.0/24
		ConnectPort 443
	EOF
	serve server 8888 tinyproxy -d -c "$work/tinyproxy.conf"
	start_capture client
	for i in 1 2; do
		on client curl -sS -o /dev/null -x http://198.51.100.20:8888 https://intranet.example:8443/ 2>>"$work/client.log" || true
	done
	stop_capture
}
