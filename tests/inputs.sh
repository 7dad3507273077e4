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

# Filters on link types that libpcap's compiler knows no way into, and words that are for some link types only.
filters() {
	local want got

	want=$("$pcapdx" --json -f 'tcp port 443' "$sample" | jq .connections.tcp.packets)
	python3 - "$sample" "$tmp/tap.pcap" "$tmp/log.pcap" "$tmp/wifi.pcap" <<-'EOF'
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		outs = [data[:20] + struct.pack("<I", n) for n in (258, 239, 127)]
		at = 24
		while at < len(data):
		    captured = struct.unpack_from("<I", data, at + 8)[0]
		    time, frame = data[at:at + 8], data[at + 16:at + 16 + captured]
		    at += 16 + captured
		    ip = frame[14:]
		    if frame[12:14] != b"\x08\x00":
		        continue
		    size = struct.unpack(">H", ip[2:4])[0]
		    ip = ip[:size]
		    log = b"\2\0\0\0" + struct.pack("<HHI", 8, 1, 0x0800) + struct.pack("<HH", 4 + len(ip), 9) + ip
		    wifi = bytes.fromhex("0000080000000000" "0801 0000 020000000002 020000000001 020000000003 0000" "aaaa03000000 0800") + ip
		    for i, f in enumerate((struct.pack("<IIII", 16, 1, 1, 0) + frame, log, wifi)):
		        outs[i] += time + struct.pack("<II", len(f), len(f)) + f
		for path, out in zip(sys.argv[2:], outs):
		    open(path, "wb").write(out)
	EOF
	for file in tap log wifi; do
		got=$("$pcapdx" --json -f 'tcp port 443' "$tmp/$file.pcap" | jq .connections.tcp.packets)
		[ "$got" = "$want" ] || fail "-f on $file.pcap: $got packets, not $want"
	done
	"$pcapdx" -q -f 'type data' "$tmp/wifi.pcap" >/dev/null || fail "-f: a word for 802.11 is refused on 802.11"
}

filters
extras "<"
extras ">"
for program in gzip bzip2 xz zstd lz4; do
	packed "$program"
done
# A small one that is cut is read to where its data end, and told to be cut.
for program in gzip xz lz4; do
	head -c 1500 "$sample" | $program -c | head -c -60 >"$tmp/cut"
	"$pcapdx" --json "$tmp/cut" >"$tmp/cut.json" 2>"$tmp/cut.err"
	[ $? = 3 ] && jq -e '.capture.packets > 1 and .capture.sources[0].cut_short and
		any(.findings[]; .code == "capture-cut-short")' "$tmp/cut.json" >"$tmp/out" ||
		fail "a small file of $program that is cut"
	grep -q "data end too early" "$tmp/cut.err" || fail "a cut file of $program: not said"
done
pieces
growing
finish
