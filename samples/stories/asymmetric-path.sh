# SPDX-License-Identifier: GPL-2.0-or-later
# Packets leave through one gateway and come back through another: the server's route back goes over the second one.
play() {
	client_and_server 00:1e:bd:10:44:a8
	second_gateway
	web server 80 <<-EOF
		listen 80;
	EOF
	start_capture client
	for _ in 1 2 3 4 5; do
		get client http://www.example/ 198.51.100.20
	done
	stop_capture
}

# A second router between the two networks: 192.0.2.2 and 198.51.100.2.
second_gateway() {
	local side

	new_namespace second
	on second sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	for side in in out; do
		ip link add "to-$side" netns "$lab-second" type veth peer name "second-$side" netns "$lab-router"
		plain_card router "second-$side"
		on router ip link set "second-$side" master "br-$side"
	done
	on second ip link set to-in address 00:09:0f:5a:20:11
	plain_card second to-in
	plain_card second to-out
	on second ip addr add 192.0.2.2/24 dev to-in
	on second ip addr add 198.51.100.2/24 dev to-out
	on server ip route replace 192.0.2.0/24 via 198.51.100.2
}
