#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One, two and four threads give the same report, records, complaints and exit status, byte for byte. Run with a
# program that was built with -fsanitize=thread (PCAPDX=...), it fails for data races, too; QUICK=1 leaves out captures
# that are not in the tree.
. "$(dirname "$0")/common.sh"
generate=$(dirname "$pcapdx")/tests/bench/generate
shared=$top/../shared
export TSAN_OPTIONS=exitcode=66

# told THREADS FILE...: all that is to be seen of a run, in $tmp/THREADS.
told() {
	local threads=$1

	shift
	"$pcapdx" --threads "$threads" --records "$tmp/records" -o "$tmp/text.txt" --json "$@" >"$tmp/$threads" 2>"$tmp/err"
	echo "status $?" >>"$tmp/$threads"
	cat "$tmp/records" "$tmp/text.txt" "$tmp/err" >>"$tmp/$threads"
}

same() {
	told 1 "$@"
	for threads in 2 4; do
		told $threads "$@"
		cmp -s "$tmp/1" "$tmp/$threads" && continue
		fail "$threads threads tell another story: $*"
		diff "$tmp/1" "$tmp/$threads" | head -n 10
	done
}

refused() {
	"$pcapdx" --json "$@" "$top/samples/lb-reset.pcap" >"$tmp/out" 2>"$tmp/err"
	[ $? = 2 ] && grep -q -- --threads "$tmp/err" || fail "not refused: $*"
}

for name in $(samples); do
	same "$top/samples/$name"
done
same "$top"/samples/*.pcap

python3 "$top/tests/mapped_capture.py" "$tmp/mapped.pcap" || fail "no capture of mapped addresses"
same "$tmp/mapped.pcap"

# Far more frames than go to the threads at once.
if [ -x "$generate" ]; then
	"$generate" mixed 20000 "$tmp/mixed.pcap" >"$tmp/out" && "$generate" short 3000 "$tmp/short.pcap" >"$tmp/out" ||
		fail "no captures were generated"
	same "$tmp/mixed.pcap"
	same "$tmp/short.pcap"
	same "$tmp/mixed.pcap" "$tmp/short.pcap"
else
	fail "tests/bench/generate is not built"
fi

if [ -n "${QUICK-}" ]; then
	echo "quick: samples only"
elif [ -d "$shared/captures" ]; then
	while read -r file; do
		same "$file"
	done <<<"$(find "$shared/captures" -name '*.pcap*' | sort)"
else
	echo "skipped: captures that are not in the tree"
fi
for wrong in 0 -1 65 two ''; do
	refused --threads "$wrong"
done
refused --threads 2 --engine nids
refused --threads 2 --engine both
finish
