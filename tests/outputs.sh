#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Outputs appear when they are whole, or not at all: formats, several in one run, links, rights, a disk that is full.
. "$(dirname "$0")/common.sh"
good=$top/samples/lb-reset.pcap

# Formats by extension and by --format, several in one run; nothing is left behind.
mkdir "$tmp/many"
"$pcapdx" -q -o "$tmp/many/r.html" -o "$tmp/many/r.json" -o "$tmp/many/r.MD" -o "$tmp/many/r.csv" -o "$tmp/many/r.txt" \
	-o "$tmp/many/ticket" --format md --records "$tmp/many/r.ndjson" --evidence "$tmp/many/r.pcapng" \
	-w "$tmp/many/all.pcap" "$good" >"$tmp/said" || fail "many outputs: exit status $?"
[ "$(find "$tmp/many" -type f -size +100c | wc -l)" -eq 9 ] || fail "not nine outputs: $(ls "$tmp/many")"
cmp -s "$tmp/many/r.MD" "$tmp/many/ticket" || fail "--format md writes something else than .MD"
head -c 15 "$tmp/many/r.html" | grep -q '<!DOCTYPE html>' || fail "r.html is no HTML"
"$pcapdx" -o - --format json "$good" | cmp -s - "$tmp/many/r.json" || fail "-o - --format json is not r.json"
"$pcapdx" --json "$good" | cmp -s - "$tmp/many/r.json" || fail "--json is not r.json"

# A link stays a link, rights stay.
for name in r.json r.ndjson e.pcapng; do
	echo old >"$tmp/$name"
	chmod 640 "$tmp/$name"
	ln -s "$name" "$tmp/link-$name"
done
"$pcapdx" -q -o "$tmp/link-r.json" --records "$tmp/link-r.ndjson" --evidence "$tmp/link-e.pcapng" "$good" >/dev/null
for name in r.json r.ndjson e.pcapng; do
	[ -L "$tmp/link-$name" ] || fail "the link to $name was replaced"
	[ "$(stat -c %a "$tmp/$name")" = 640 ] || fail "$name lost its rights"
	[ "$(stat -c %s "$tmp/$name")" -gt 1000 ] || fail "$name was not replaced"
done

# Input that cannot be read changes nothing.
echo old >"$tmp/kept.ndjson"
: >"$tmp/empty.pcap"
"$pcapdx" -q --records "$tmp/kept.ndjson" "$tmp/empty.pcap" >/dev/null 2>&1
[ "$(cat "$tmp/kept.ndjson")" = old ] || fail "records of nothing replaced what was there"

# A full disk: a sentence, 2, and what was there before.
for output in "-o /dev/full --format html" "--records /dev/full" "--evidence /dev/full"; do
	# shellcheck disable=SC2086 # words
	"$pcapdx" -q $output "$good" >/dev/null 2>"$tmp/err"
	[ $? -eq 2 ] && grep -q 'No space left' "$tmp/err" || fail "$output: $(cat "$tmp/err")"
done
"$pcapdx" "$good" >/dev/full 2>"$tmp/err"
[ $? -eq 2 ] && grep -q 'No space left' "$tmp/err" || fail "stdout is full: $(cat "$tmp/err")"
mkdir "$tmp/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=16k none "$tmp/small" 2>/dev/null; then
	for name in r.html r.ndjson e.pcapng; do
		echo old >"$tmp/small/$name"
	done
	"$pcapdx" -q -o "$tmp/small/r.html" "$good" >/dev/null 2>"$tmp/err"
	[ $? -eq 2 ] && grep -q 'r.html: No space left' "$tmp/err" || fail "a small disk: $(cat "$tmp/err")"
	"$pcapdx" -q --records "$tmp/small/r.ndjson" "$good" >/dev/null 2>"$tmp/err"
	[ $? -eq 2 ] && grep -q 'r.ndjson: No space left' "$tmp/err" || fail "a small disk: $(cat "$tmp/err")"
	head -c 8000 /dev/zero >"$tmp/small/fill" 2>/dev/null
	head -c 8000 /dev/zero >>"$tmp/small/fill" 2>/dev/null
	"$pcapdx" -q --evidence "$tmp/small/e.pcapng" "$good" >/dev/null 2>"$tmp/err"
	[ $? -eq 2 ] && grep -q 'No space left' "$tmp/err" || fail "a small disk: $(cat "$tmp/err")"
	[ "$(cat "$tmp"/small/{r.html,r.ndjson,e.pcapng})" = "$(printf 'old\nold\nold')" ] || fail "half an output"
	[ "$(find "$tmp/small" -name '*.tmp')" = "" ] || fail "a temporary file is left"
	umount "$tmp/small"
fi
finish
