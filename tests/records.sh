#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same traffic gives the same report: from the capture and from its records, whole and cut into two files, with the
# files named in either order, from a file and from stdin, packed and plain.
. "$(dirname "$0")/common.sh"
needs jq python3
split=$top/tests/split_capture.py

# report FILE...: the JSON report without what names the files it came from.
told() {
	"$pcapdx" --json "$@" | jq -S 'del(.capture.sources) |
		(.findings[] | select(.code | startswith("capture-")) | .subject.name) = ""'
}

# A cut moves frame numbers, sources, what is made of those, and what is said of a source; nothing else.
told_loosely() {
	"$pcapdx" --json "$@" | jq -S 'del(.capture.sources) |
		del(.findings[] | select(.code | IN("capture-snaplen", "capture-cut-short", "capture-filtered", "capture-malformed"))) |
		(.diagnoses[]?.findings) = [] |
		walk(if type == "object" then del(.frame, .source, .stream, .filter, .filter_source, .evidence, .frames,
			.id, .weak) else . end)'
}

same() {
	diff -u --label "$1" --label "$2" "$tmp/a" "$tmp/b" >"$tmp/diff" || { fail "$3"; head -n 40 "$tmp/diff"; }
}

from_records() {
	local sample=$1

	"$pcapdx" --json --records "$tmp/x.ndjson" "$sample" | jq -S . >"$tmp/a"
	"$pcapdx" --json "$tmp/x.ndjson" | jq -S . >"$tmp/b"
	same capture records "${sample##*/}: its records tell another story"
	"$pcapdx" --records "$tmp/y.ndjson" -q "$tmp/x.ndjson" >/dev/null
	cmp -s "$tmp/x.ndjson" "$tmp/y.ndjson" || fail "${sample##*/}: records change when they are read and written"
}

from_pieces() {
	local sample=$1 frames at

	told_loosely "$sample" >"$tmp/a"
	frames=$("$pcapdx" --json "$sample" | jq .capture.packets)
	for at in $((frames / 3)) $((frames - 2)); do
		python3 "$split" "$sample" "$at" "$tmp/part1.pcap" "$tmp/part2.pcap"
		told_loosely "$tmp/part1.pcap" "$tmp/part2.pcap" >"$tmp/b"
		same whole "cut after $at" "${sample##*/}: cut after frame $at it tells another story"
		told "$tmp/part1.pcap" "$tmp/part2.pcap" >"$tmp/b"
		told "$tmp/part2.pcap" "$tmp/part1.pcap" >"$tmp/c"
		cmp -s "$tmp/b" "$tmp/c" || fail "${sample##*/}: the order of the files matters"
	done
}

# The same at every packet of one capture.
from_pieces_anywhere() {
	local sample=$1 frames at

	told_loosely "$sample" >"$tmp/a"
	frames=$("$pcapdx" --json "$sample" | jq .capture.packets)
	for at in $(seq 1 $((frames - 1))); do
		python3 "$split" "$sample" "$at" "$tmp/part1.pcap" "$tmp/part2.pcap"
		told_loosely "$tmp/part1.pcap" "$tmp/part2.pcap" >"$tmp/b"
		same whole "cut after $at" "${sample##*/}: cut after frame $at it tells another story"
	done
}

from_elsewhere() {
	local sample=$1

	told "$sample" >"$tmp/a"
	told - <"$sample" >"$tmp/b"
	same file stdin "${sample##*/}: stdin tells another story"
	gzip -c "$sample" >"$tmp/packed.gz"
	told "$tmp/packed.gz" >"$tmp/b"
	same file gzip "${sample##*/}: packed it tells another story"
}

# Strictly in order, and the same for any number of threads, also where many packets share one instant.
in_order() {
	"$pcapdx" -q --threads 1 --records "$tmp/1.ndjson" "$@" >/dev/null
	"$pcapdx" -q --threads 3 --records "$tmp/3.ndjson" "$@" >/dev/null
	python3 "$top/tests/records_in_order.py" "$tmp/1.ndjson" || fail "$*: records out of order"
	cmp -s "$tmp/1.ndjson" "$tmp/3.ndjson" || fail "$*: other records with more threads"
}

[ "$("$pcapdx" -c 12 --json "$top/samples/lb-reset.pcap" | jq .capture.packets)" = 12 ] ||
	fail "-c 12 reads another number of packets"
for sample in "$top"/samples/*.pcap*; do
	from_records "$sample"
	case "$sample" in *.pcap) from_pieces "$sample" ;; esac
	from_elsewhere "$sample"
	in_order "$sample"
done
for name in lb-reset arp-no-answer ftp-pasv-limit; do
	for step in 1 100 100000; do
		python3 "$top/tests/one_instant.py" "$top/samples/$name.pcap" "$tmp/step.pcap" $step
		in_order "$tmp/step.pcap"
		cp "$tmp/step.pcap" "$tmp/again.pcap"
		in_order "$tmp/step.pcap" "$tmp/again.pcap"
	done
done
from_pieces_anywhere "$top/samples/lb-reset.pcap"
finish
