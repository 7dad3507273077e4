# SPDX-License-Identifier: GPL-2.0-or-later
# A name server knows one zone and refuses (REFUSED) to resolve anything else for its clients.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host resolver in 192.0.2.53 00:1a:a0:6b:11:53
	host server out 198.51.100.20 00:50:56:8a:22:14
	web server 80 <<-EOF
		listen 80;
	EOF
	start resolver dnsmasq -k -C /dev/null --no-resolv --no-hosts --user=root --pid-file="$work/dnsmasq.pid" \
		--host-record=intranet.example,198.51.100.20
	resolv_conf client 192.0.2.53
	start_capture client
	for name in intranet.example www.example mail.example www.example; do
		on client curl -sS -o /dev/null --noproxy '*' "http://$name/" || true
		sleep 0.5
	done
	stop_capture
}
