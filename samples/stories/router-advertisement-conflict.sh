# SPDX-License-Identifier: GPL-2.0-or-later
# Two routers (radvd) on one link call themselves default router of different networks.
play() {
	client_and_server 00:1e:bd:10:44:a8
	host stray in 192.0.2.66 00:14:d1:5c:09:33
	add_ipv6 <<-EOF
		client 2001:db8:1::10 2001:db8:1::1
		stray 2001:db8:1::66 2001:db8:1::1
	EOF
	start_capture client
	radvd_on router br-in 2001:db8:1::/64
	radvd_on stray eth0 fd00:66:66::/64
	sleep 12
	stop_capture
}
