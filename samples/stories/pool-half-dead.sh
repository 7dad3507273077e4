# SPDX-License-Identifier: GPL-2.0-or-later
# A load balancer hands connections to two servers in turn; on one of them the service is not running.
play() {
	gateway 00:01:d7:3e:10:42
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host web1 out 198.51.100.21 00:50:56:8a:22:21
	host web2 out 198.51.100.22 00:50:56:8a:22:22
	web web1 80 <<-EOF
		listen 80;
	EOF
	on router nft -f - <<-EOF
		table ip lb { chain pre { type nat hook prerouting priority -100; ip daddr 198.51.100.20 tcp dport 80 dnat to numgen inc mod 2 map { 0 : 198.51.100.21, 1 : 198.51.100.22 }; }; }
	EOF
	start_capture client
	for _ in $(seq 12); do
		get client http://www.example/ 198.51.100.20 -m 4
		sleep 0.3
	done
	stop_capture
}
