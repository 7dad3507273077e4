#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input and bad usage: one clear sentence on stderr, and the exit status that the manual names.
. "$(dirname "$0")/common.sh"
needs python3
good=$top/samples/lb-reset.pcap

# refuses STATUS WORDS COMMAND...: ends with that status and says one line on stderr in which the words occur.
refuses() {
	local status=$1 words=$2 got

	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	[ "$got" = "$status" ] || fail "$*: exit status $got, not $status: $(head -c 300 "$tmp/err")"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "$*: not one line on stderr: $(head -c 300 "$tmp/err")"
	grep -q '^pcapdx: ' "$tmp/err" || fail "$*: it does not say who speaks: $(head -c 300 "$tmp/err")"
	grep -qF -- "$words" "$tmp/err" || fail "$*: \"$words\" is not in: $(head -c 300 "$tmp/err")"
}

# passes STATUS COMMAND...: that status and nothing on stderr.
passes() {
	local status=$1 got

	shift
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	[ "$got" = "$status" ] || fail "$*: exit status $got, not $status"
	[ ! -s "$tmp/err" ] || fail "$*: speaks on stderr: $(head -c 300 "$tmp/err")"
}

# with_link_type NUMBER FILE: the good capture, said to be of that link type.
with_link_type() {
	python3 - "$good" "$1" "$2" <<-'EOF'
		import struct, sys
		data = bytearray(open(sys.argv[1], "rb").read())
		data[20:24] = struct.pack("<I", int(sys.argv[2]))
		open(sys.argv[3], "wb").write(data)
	EOF
}

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

make_inputs() {
	chmod 755 "$tmp"
	echo "This is a letter, not a capture." >"$tmp/letter"
	: >"$tmp/empty"
	mkdir "$tmp/folder" "$tmp/folder.html"
	head -c 3000 "$good" >"$tmp/cut.pcap"
	head -c 20 "$good" >"$tmp/cut-header.pcap"
	head -c 24 "$good" >"$tmp/no-packets.pcap"
	with_link_type 200 "$tmp/unknown-link.pcap"
	cp "$good" "$tmp/secret.pcap"
	chmod 0 "$tmp/secret.pcap"
	echo "no JSON" >"$tmp/bad.ndjson"
}

unreadable_inputs() {
	refuses 2 "$tmp/letter: is a text, not a capture file" "$pcapdx" "$tmp/letter"
	refuses 2 "$tmp/empty: is empty" "$pcapdx" "$tmp/empty"
	refuses 2 "$tmp/missing: no such file" "$pcapdx" "$tmp/missing"
	refuses 2 "$tmp/folder: is a folder without captures" "$pcapdx" "$tmp/folder"
	refuses 2 "$tmp/cut-header.pcap: the file ends inside the file header" "$pcapdx" "$tmp/cut-header.pcap"
	refuses 2 "link type that is not decoded" "$pcapdx" "$tmp/unknown-link.pcap"
	refuses 2 "$tmp/bad.ndjson: line 1: not JSON" "$pcapdx" "$tmp/bad.ndjson"
	refuses 2 "$tmp/missing.ndjson: " "$pcapdx" "$tmp/missing.ndjson"
	refuses 2 "-: is empty" "$pcapdx" -
	refuses 2 "the key log $tmp/missing" "$pcapdx" --keylog "$tmp/missing" "$good"
	refuses 2 "$tmp/missing: " "$pcapdx" --oui "$tmp/missing" "$good"
	refuses 2 "no such interface" "$pcapdx" -i nonesuch0
	if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && as_nobody test -x "$pcapdx"; then
		refuses 2 "$tmp/secret.pcap: permission denied" as_nobody "$pcapdx" "$tmp/secret.pcap"
		refuses 2 "lo: capturing needs root" as_nobody "$pcapdx" -i lo -c 1
	elif [ "$(id -u)" != 0 ]; then
		refuses 2 "$tmp/secret.pcap: permission denied" "$pcapdx" "$tmp/secret.pcap"
	fi
}

packed_inputs() {
	gzip -c "$good" >"$tmp/good.gz"
	refuses 2 "the limit of --max-expand" "$pcapdx" --max-expand 1 "$tmp/good.gz"
	refuses 3 "the limit of --max-expand" "$pcapdx" --max-expand 1000 "$tmp/good.gz"
}

damaged_inputs() {
	refuses 3 "$tmp/cut.pcap: the file ends inside a frame" "$pcapdx" "$tmp/cut.pcap"
	grep -q 'resets TLS clients' "$tmp/out" || fail "what came before the cut is not diagnosed"
	grep -q 'capture-cut-short' "$tmp/out" || fail "the report does not say that the file is cut short"
	refuses 3 "$tmp/missing: no such file" "$pcapdx" "$good" "$tmp/missing"
	refuses 3 "$tmp/letter: is a text" "$pcapdx" "$tmp/letter" "$good"
	refuses 3 "link type that is not decoded" "$pcapdx" "$tmp/unknown-link.pcap" "$good"
	refuses 1 "$tmp/cut.pcap: the file ends" "$pcapdx" --fail-on error "$tmp/cut.pcap"
	passes 0 "$pcapdx" "$tmp/no-packets.pcap"
	grep -qi 'no packets' "$tmp/out" || fail "a capture without packets is not told as such"
}

bad_usage() {
	refuses 2 "--nonsense is not an option" "$pcapdx" --nonsense
	refuses 2 "-Z is not an option" "$pcapdx" -Z "$good"
	refuses 2 "-i needs a value" "$pcapdx" -i
	refuses 2 "no capture given" "$pcapdx"
	refuses 2 '"foo" is not native' "$pcapdx" --engine foo "$good"
	refuses 2 "-c: " "$pcapdx" -c 0 "$good"
	refuses 2 "--memory: " "$pcapdx" --memory 1 "$good"
	refuses 2 "--fail-on: " "$pcapdx" --fail-on panic "$good"
	refuses 2 "-o x.docx: " "$pcapdx" -o x.docx "$good"
	refuses 2 "-i and files" "$pcapdx" -i lo -r "$good"
	refuses 2 "cannot be read in one run" "$pcapdx" "$tmp/bad.ndjson" "$good"
	refuses 2 "only one output can go to standard output" "$pcapdx" --json --records - "$good"
	refuses 2 "--from is later than --to" "$pcapdx" --from 2027-01-01T00:00:00Z --to 2026-01-01T00:00:00Z "$good"
	refuses 2 "--from: " "$pcapdx" --from yesterday "$good"
	refuses 2 "the filter 'tcp prot 5' is wrong" "$pcapdx" -f 'tcp prot 5' "$good"
}

failing_outputs() {
	refuses 2 "cannot write" "$pcapdx" -o "$tmp/none/x.html" "$good"
	refuses 2 "cannot write $tmp/none/x.pcapng" "$pcapdx" --evidence "$tmp/none/x.pcapng" "$good"
	refuses 2 "$tmp/none/x.pcap cannot be written" "$pcapdx" -w "$tmp/none/x.pcap" "$good"
	refuses 2 "cannot write $tmp/folder.html" "$pcapdx" -o "$tmp/folder.html" "$good"
	refuses 2 "cannot write" "$pcapdx" --records "$tmp/none/x.ndjson" "$good"
	[ -w /dev/full ] || return
	refuses 2 "standard output" sh -c '"$1" "$2" >/dev/full' sh "$pcapdx" "$good"
	refuses 2 "standard output" sh -c '"$1" --json "$2" >/dev/full' sh "$pcapdx" "$good"
	refuses 2 "/dev/full: No space" "$pcapdx" -o /dev/full --format html "$good"
	refuses 2 "/dev/full cannot be written: No space" "$pcapdx" -w /dev/full "$good"
	refuses 2 "/dev/full cannot be written: No space" "$pcapdx" --evidence /dev/full "$good"
	refuses 2 "/dev/full: No space" "$pcapdx" --records /dev/full "$good"
}

exit_statuses() {
	passes 0 "$pcapdx" "$good"
	passes 1 "$pcapdx" --fail-on error "$good"
	passes 0 "$pcapdx" --fail-on warning "$top/samples/tls-ok.pcap"
	passes 0 "$pcapdx" --version
	passes 0 "$pcapdx" --help
}

make_inputs
unreadable_inputs
packed_inputs
damaged_inputs
bad_usage
failing_outputs
exit_statuses
finish
