# SPDX-License-Identifier: GPL-2.0-or-later
# Answers of a name server that need two IP fragments: the path drops the full-size ones, only the small last ones arrive.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host resolver out 198.51.100.53 00:50:56:8a:22:53
	on router nft -f - <<-EOF
		table netdev fw { chain pass { type filter hook egress device br-in priority 0; ip daddr 192.0.2.10 meta length > 1400 drop; }; }
	EOF
	start resolver dnsmasq -k -C /dev/null --no-resolv --no-hosts --user=root --edns-packet-max=4096 \
		--pid-file="$work/dnsmasq.pid" --host-record=small.example,198.51.100.20 \
		--txt-record="big.example$(printf ',%0250d' 1 2 3 4 5 6 7 8 9)"
	sleep 1.5
	start_capture client
	on client python3 "$here/programs/ask_txt.py" 198.51.100.53 small.example:1 big.example:16 big.example:16 \
		big.example:16 small.example:1
	stop_capture
}
