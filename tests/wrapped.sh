#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same connections are found, and the same is said of them, through every tunnel and link type that can carry them.
# What is said of MAC addresses and of the capture itself may differ: not every layer has them.
. "$(dirname "$0")/common.sh"
needs jq python3

told() {
	"$pcapdx" --json "$1" | jq -S '{tcp: (.connections.tcp | del(.packets, .loss)), tls, dns,
		findings: [.findings[] | select(.code | test("^capture-|gateway") | not) | {code, count, of, facts}] | sort}'
}

for sample in lb-reset tls-ok ftp-pasv-ok; do
	mkdir "$tmp/$sample"
	python3 "$top/tests/wrap_capture.py" "$top/samples/$sample.pcap" "$tmp/$sample" || fail "$sample: not wrapped"
	told "$top/samples/$sample.pcap" >"$tmp/want"
	[ -s "$tmp/want" ] || fail "$sample: nothing is told"
	for file in "$tmp/$sample"/*.pcap; do
		told "$file" >"$tmp/got"
		cmp -s "$tmp/want" "$tmp/got" || { fail "$sample in $(basename "$file" .pcap)"; diff "$tmp/want" "$tmp/got" | head -n 8; }
	done
done
finish
