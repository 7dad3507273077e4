# SPDX-License-Identifier: GPL-2.0-or-later
# Two names have AAAA records that lead nowhere (dropped; refused); curl falls back to IPv4 each time.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host resolver in 192.0.2.53 00:1a:a0:6b:11:53
	host server out 198.51.100.20 00:50:56:8a:22:14
	host shop out 198.51.100.21 00:50:56:8a:22:15
	add_ipv6 <<-EOF
		client 2001:db8:1::10 2001:db8:1::1
		server 2001:db8:2::20 2001:db8:2::1
		shop 2001:db8:2::21 2001:db8:2::1
	EOF
	web server 80 <<-EOF
		listen 80; listen [::]:80;
	EOF
	web shop 80 <<-EOF
		listen 80;
	EOF
	firewall <<-EOF
		table ip6 fw { chain pass { type filter hook forward priority 0; ip6 daddr 2001:db8:2::20 drop; }; }
	EOF
	start resolver dnsmasq -k -C /dev/null --no-resolv --no-hosts --user=root --pid-file="$work/dnsmasq.pid" \
		--host-record=www.example,198.51.100.20,2001:db8:2::20 --host-record=shop.example,198.51.100.21,2001:db8:2::21
	resolv_conf client 192.0.2.53
	start_capture client
	for _ in 1 2 3; do
		for name in www.example shop.example; do
			on client curl -sS -o /dev/null --noproxy '*' "http://$name/" || true
			sleep 0.5
		done
	done
	stop_capture
}
