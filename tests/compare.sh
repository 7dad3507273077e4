#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pcapdx compare on samples: what differs first, and the exit status of what cannot be compared.
srcdir=${srcdir:-.}
samples=$srcdir/samples
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
	echo "FAIL: $*"
	failed=1
}

# first GOOD BAD STEP VALUE: what differs first
first() {
	./pcapdx compare "$samples/$1" "$samples/$2" >"$work/out" || fail "compare $1 $2: exit status $?"
	sed -n '/First difference:/,/failing/p' "$work/out" >"$work/first"
	grep -q "^    $3: " "$work/first" && grep -q "failing  $4" "$work/first" ||
		fail "compare $1 $2: not \"$3 ... $4\" first: $(cat "$work/first")"
}

status() {
	wanted=$1
	shift
	./pcapdx compare "$@" >"$work/out" 2>"$work/err"
	got=$?
	[ $got -eq "$wanted" ] || fail "compare $*: exit status $got, not $wanted"
	[ "$wanted" -ne 2 ] || grep -q '^pcapdx: ' "$work/err" || fail "compare $*: no sentence"
}

first lb-ok.pcap lb-reset.pcap 'TLS answer' 'RST from the server'
first tls-ok.pcap filtered.pcap 'answer to the SYN' none
first tls-ok.pcap tls-expired.pcap 'TLS answer' 'had ended'
first tls-ok.pcap tls-no-shared-cipher.pcap 'TLS offer' nothing

# Failures that a dissector saw are failures.
./pcapdx compare "$samples/accept-loop.pcap" "$samples/accept-loop.pcap" | grep -q 'conversations with .*: accept-loop-blocked' ||
	fail "blocked clients are not failing ones"
./pcapdx compare "$samples/lb-ok.pcap" "$samples/lb-reset.pcap" | grep -q '^      error: .* resets TLS clients' ||
	fail "the verdict is not told"

./pcapdx compare "$samples/tls-ok.pcap" "$samples/tls-ok.pcap" >"$work/out"
grep -q 'They do not differ' "$work/out" || fail "a capture differs from itself"
./pcapdx compare "$samples/lb-ok.pcap" "$samples/refused.pcap" >"$work/out"
grep -q 'nothing comparable' "$work/out" || fail "refused.pcap is compared with something"

# Records give what their capture gives.
./pcapdx -q --records "$work/bad.ndjson" "$samples/lb-reset.pcap" >/dev/null
./pcapdx compare --json "$samples/lb-ok.pcap" "$work/bad.ndjson" >"$work/a"
./pcapdx compare --json "$samples/lb-ok.pcap" "$samples/lb-reset.pcap" >"$work/b"
sed -i 's/"file".*//' "$work/a" "$work/b"
cmp -s "$work/a" "$work/b" || fail "records of lb-reset.pcap are compared in another way"

status 2
status 2 "$samples/lb-ok.pcap"
status 2 "$samples/lb-ok.pcap" "$samples/lb-ok.pcap" "$samples/lb-ok.pcap"
status 2 "$samples/lb-ok.pcap" "$work/missing.pcap"
status 2 -o "$work/x.html" "$samples/lb-ok.pcap" "$samples/lb-ok.pcap"
status 1 --fail-on error "$samples/lb-ok.pcap" "$samples/lb-reset.pcap"
head -c 3000 "$samples/lb-reset.pcap" >"$work/cut.pcap"
status 3 "$samples/lb-ok.pcap" "$work/cut.pcap"
exit $failed
