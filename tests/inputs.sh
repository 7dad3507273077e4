#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What captures can be: pcapng with all its extras, packed in any of five ways, in pieces, in folders, growing.
. "$(dirname "$0")/common.sh"
needs jq python3
sample=$top/samples/lb-reset.pcap
frames=$("$pcapdx" --json "$sample" | jq .capture.packets)

counts() {
	local got

	got=$("$pcapdx" --json "${@:2}" | jq .capture.packets)
	[ "$got" = "$1" ] || fail "${*:2}: $got packets, not $1"
}

# All that pcapng says beside frames, in both byte orders.
extras() {
	python3 "$top/tests/pcapng_extras.py" "$sample" "$tmp/x.pcapng" "$1"
	"$pcapdx" --json --records "$tmp/x.ndjson" --evidence "$tmp/ev.pcapng" -w "$tmp/w.pcapng" "$tmp/x.pcapng" >"$tmp/x.json" ||
		fail "pcapng $1: exit status $?"
	jq -e '.capture.sources[0] | .comment == "taken at the mirror port" and .link_type == "mixed"' "$tmp/x.json" >/dev/null ||
		fail "pcapng $1: its comment or link types are not told: $(jq -c '.capture.sources[0]' "$tmp/x.json")"
	jq -e '.names["192.0.2.10"] == "host-10.example"' "$tmp/x.json" >/dev/null || fail "pcapng $1: its names are not told"
	"$pcapdx" --json "$tmp/x.ndjson" | jq -e '.names["192.0.2.10"] == "host-10.example"' >/dev/null ||
		fail "pcapng $1: its names are not in the records"
	[ "$(jq -c '[.verdict.headline, .connections.tcp]' "$tmp/x.json")" = \
		"$("$pcapdx" --json "$sample" | jq -c '[.verdict.headline, .connections.tcp]')" ] ||
		fail "pcapng $1: it tells another story than the plain file"
	python3 - "$tmp/w.pcapng" $(((frames + 4) / 5)) <<-'EOF' || fail "pcapng $1: -w loses comments"
		import sys
		sys.exit(open(sys.argv[1], "rb").read().count(b"comment ") != int(sys.argv[2]))
	EOF
	grep -q 'comment 16' "$tmp/ev.pcapng" || fail "pcapng $1: --evidence loses the comments of its frames"
	"$pcapdx" --anonymize --evidence "$tmp/anon.pcapng" "$tmp/x.pcapng" >/dev/null
	! grep -q 'comment 16' "$tmp/anon.pcapng" || fail "pcapng $1: --anonymize keeps comments"
	! "$pcapdx" --anonymize --json "$tmp/x.pcapng" | grep -qE 'host-10|mirror' || fail "pcapng $1: --anonymize keeps names"
}

# packed PROGRAM SUFFIX: as a file of no telling name, from stdin, and in two members.
packed() {
	command -v "$1" >/dev/null || { echo "skipped: $1 is not installed"; return; }
	"$1" -c <"$sample" >"$tmp/packed"
	counts "$frames" "$tmp/packed"
	[ "$("$pcapdx" --json - <"$tmp/packed" | jq .capture.packets)" = "$frames" ] || fail "$1: not read from stdin"
	{ head -c 1500 "$sample" | "$1" -c; tail -c +1501 "$sample" | "$1" -c; } >"$tmp/two"
	counts "$frames" "$tmp/two"
	head -c $(($(stat -c %s "$tmp/packed") - 40)) "$tmp/packed" >"$tmp/short"
	"$pcapdx" -q "$tmp/short" >/dev/null 2>"$tmp/err"
	[ $? -ge 2 ] || fail "$1: a cut file is not told as such"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "$1: not one sentence for a cut file: $(head -c 300 "$tmp/err")"
}

# Rotated captures: the numbers in their names count, and folders are taken whole.
pieces() {
	local rest=$sample

	mkdir "$tmp/rotated"
	for i in 8 9 10; do
		python3 "$top/tests/split_capture.py" "$rest" 10 "$tmp/rotated/trace$i" "$tmp/rest$i"
		rest=$tmp/rest$i
	done
	mv "$rest" "$tmp/rotated/trace11"
	counts "$frames" "$tmp/rotated"
	counts "$frames" "$tmp"/rotated/*
	[ "$("$pcapdx" --json "$tmp/rotated" | jq -r '[.capture.sources[].name | sub(".*/"; "")] | join(" ")')" = \
		"trace8 trace9 trace10 trace11" ] || fail "rotated files are not in the order of their numbers"
}

# Frames that are written while it reads.
growing() {
	head -c 1000 "$sample" >"$tmp/growing.pcap"
	"$pcapdx" --follow -c "$frames" --json "$tmp/growing.pcap" >"$tmp/followed.json" &
	sleep 1
	tail -c +1001 "$sample" >>"$tmp/growing.pcap"
	for _ in $(seq 100); do
		kill -0 $! 2>/dev/null || break
		sleep 0.1
	done
	if kill -0 $! 2>/dev/null; then
		kill -9 $!
		fail "--follow: it does not see what is appended"
	elif [ "$(jq .capture.packets "$tmp/followed.json")" != "$frames" ]; then
		fail "--follow: another number of packets"
	fi
	wait $!
}

extras "<"
extras ">"
for program in gzip bzip2 xz zstd lz4; do
	packed "$program"
done
[ "$("$pcapdx" --json <(head -c 1500 "$sample" | gzip -c | head -c -60) 2>/dev/null | jq '.capture.packets > 1')" = true ] ||
	fail "a small .gz that is cut gives nothing"
pieces
growing
finish
