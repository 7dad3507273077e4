# SPDX-License-Identifier: GPL-2.0-or-later
# WireGuard: each handshake is answered, a firewall drops the answers, and it begins again (captured on the server).
play() {
	client_and_server 00:1e:bd:10:44:a8
	firewall <<-EOF
		table ip filter {
			chain forward {
				type filter hook forward priority 0
				ip saddr 198.51.100.20 udp sport 51820 drop
			}
		}
	EOF
	wireguard_keys client server
	start_capture server
	wireguard server 198.51.100.20 10.9.0.2 client
	wireguard client 192.0.2.10 10.9.0.1 server 198.51.100.20:51820
	on client ping -q -c 40 -W 1 10.9.0.2 >>"$work/client.log" || true
	stop_capture
}
