#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A live capture of real traffic, on a veth pair between two network namespaces.
. "$(dirname "$0")/common.sh"
[ "$(id -u)" = 0 ] || skip "root is needed for network namespaces"
needs ip curl jq python3
here=pdxlive$$a
there=pdxlive$$b
tasks=
close_lab() {
	# shellcheck disable=SC2086 # process numbers
	[ -z "$tasks" ] || kill $tasks 2>/dev/null
	ip netns del "$here" 2>/dev/null
	ip netns del "$there" 2>/dev/null
	rm -rf "$tmp"
}
trap close_lab EXIT
ip netns add "$here" 2>/dev/null && ip netns add "$there" || skip "no network namespaces can be made here"
ip link add eth0 netns "$here" address 00:1a:a0:00:00:01 type veth peer name eth0 netns "$there" ||
	skip "no veth pair can be made here"

on() {
	ip netns exec "$@"
}

open_lab() {
	on "$here" ip addr add 192.0.2.1/24 dev eth0
	on "$there" ip addr add 192.0.2.2/24 dev eth0
	on "$here" ip link set eth0 up
	on "$there" ip link set eth0 up
	on "$here" ip link set lo up
	mkdir "$tmp/www"
	echo hello >"$tmp/www/index.html"
	(exec ip netns exec "$there" python3 -m http.server --directory "$tmp/www" 80 >/dev/null 2>&1) &
	tasks="$tasks $!"
	wait_for on "$here" curl -s -o /dev/null http://192.0.2.2/
}

# wait_for COMMAND...: until it succeeds, at most 10 s.
wait_for() {
	local tries=100

	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# start_live OPTIONS...: pcapdx in the background; its JSON report goes to $tmp/report. Python undoes what a shell does
# to its background jobs: it has them ignore SIGINT.
start_live() {
	(exec ip netns exec "$here" python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$pcapdx" -i eth0 --json "$@" >"$tmp/report" 2>"$tmp/err") &
	live=$!
	wait_for on "$here" grep -q '^[0-9a-f]' /proc/net/packet || fail "it does not open its socket"
	sleep 0.3
}

# ends STATUS: waits for it.
ends() {
	local got tries=100

	while kill -0 "$live" 2>/dev/null && [ $tries -gt 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
	[ $tries -gt 0 ] || { kill -9 "$live"; fail "it does not end"; }
	wait "$live"
	got=$?
	[ "$got" = "$1" ] || fail "exit status $got, not $1: $(head -c 300 "$tmp/err")"
}

holds() {
	jq -e "$1" "$tmp/report" >/dev/null || fail "live: not so: $1"
}

refused_until_interrupt() {
	start_live -f 'tcp portrange 80-81'
	for _ in 1 2 3; do
		on "$here" curl -s -o /dev/null http://192.0.2.2/
		on "$here" curl -s -o /dev/null http://192.0.2.2:82/ # not asked for
		on "$here" curl -s -o /dev/null http://192.0.2.2:81/
	done
	sleep 0.5
	kill -INT "$live"
	ends 0
	holds '[.findings[] | select(.code == "tcp-refused")] | length == 1 and .[0].count == 3 and .[0].subject.port == 81'
	holds '.connections.tcp.total == 6 and .connections.tcp.outcomes.ok == 3'
	holds '.capture.sources[0].name == "eth0" and .capture.sources[0].drops == 0'
	holds '.verdict.severity == "error"'
}

healthy_until_count() {
	start_live -c 12 -f 'tcp port 80'
	for _ in 1 2 3; do
		on "$here" curl -s -o /dev/null http://192.0.2.2/
	done
	ends 0
	holds '.capture.packets == 12'
	holds '[.findings[] | select(.severity != "note")] | length == 0'
}

# The page and the JSON report are there, whole and growing, before the capture ends; with several threads, too.
refreshed() {
	local json=$tmp/so_far.json page=$tmp/so_far.html

	rm -f "$json" "$page"
	start_live -f 'tcp portrange 80-81' -o "$json" -o "$page" "$@"
	for _ in 1 2 3; do
		on "$here" curl -s -o /dev/null http://192.0.2.2:81/
	done
	wait_for test -s "$page" || fail "no page while the capture runs"
	jq -e '[.findings[] | select(.code == "tcp-refused" and .state == "open")] | length == 1' "$json" >/dev/null ||
		fail "the finding is not in the report so far"
	grep -q 'http-equiv="refresh"' "$page" && grep -q '</html>' "$page" || fail "the page so far is not whole"
	for _ in 1 2 3; do
		on "$here" curl -s -o /dev/null http://192.0.2.2:81/
	done
	wait_for jq -e '.connections.tcp.total == 6' "$json" || fail "the report is not refreshed"
	kill -0 "$live" || fail "it ended by itself"
	kill -INT "$live"
	ends 0
	holds '.connections.tcp.total == 6'
	jq -S 'del(.version)' "$json" >"$tmp/a"
	jq -S 'del(.version)' "$tmp/report" >"$tmp/b"
	cmp -s "$tmp/a" "$tmp/b" || fail "the last report is not the final one"
	! grep -q 'http-equiv="refresh"' "$page" || fail "the final page refreshes itself"
	[ "$(find "$tmp" -name 'so_far*.tmp')" = "" ] || fail "temporary files are left"
}

# A file that grows is followed in the same way.
followed() {
	local json=$tmp/followed.json file=$tmp/grows.pcap

	head -c 1500 "$top/samples/lb-reset.pcap" >"$file"
	"$pcapdx" --follow -o "$json" "$file" >"$tmp/report" 2>"$tmp/err" &
	live=$!
	wait_for jq -e '.capture.packets > 0' "$json" || fail "no report of a growing file"
	tail -c +1501 "$top/samples/lb-reset.pcap" >>"$file"
	wait_for jq -e '[.findings[] | select(.code == "rst-after-client-hello")] | length == 1' "$json" ||
		fail "the report does not grow with the file"
	kill -TERM "$live"
	ends 0
	jq -e '.capture.packets == 38' "$json" >/dev/null || fail "the final report has not all packets"
}

open_lab
refused_until_interrupt
healthy_until_count
refreshed
refreshed --threads 2
followed
finish
