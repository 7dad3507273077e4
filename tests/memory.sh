#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures that ask for more memory than --memory allows: the program stays near the bound, says what it let go, and
# ends with 3. The bound is on state; beside it stand the program itself, its tables of vendors and names and its
# libraries (10 MB), what malloc loses between pieces, and two rounds of packets for other threads.
. "$(dirname "$0")/common.sh"
needs jq
tools=$(dirname "$pcapdx")/tests/bench
[ -x "$tools/floods" ] && [ -x "$tools/cost" ] || skip "tests/bench is not built"
case $("$pcapdx" --version; nm -D "$pcapdx" 2>/dev/null) in *__asan_*) skip "sanitizers take memory of their own" ;; esac
bound_mib=32
beside_mib=18

# flood KIND NUMBER THREADS: the report in $tmp/report.json, the exit status in $status, the peak in MiB in $peak.
flood() {
	"$tools/floods" "$1" "$2" "$tmp/flood.pcap" || fail "no $1 flood"
	# shellcheck disable=SC2016 # for the inner shell
	peak=$("$tools/cost" sh -c '"$@"; echo $? >"$0"' "$tmp/status" \
		"$pcapdx" -q --threads "$3" --memory ${bound_mib}M -o "$tmp/report.json" "$tmp/flood.pcap" | cut -d' ' -f2)
	peak=$((peak / 1024))
	status=$(cat "$tmp/status")
	[ -z "${VERBOSE-}" ] || echo "$1, $2, $3 threads: $peak MB, exit status $status"
	[ $peak -le $((bound_mib + beside_mib)) ] || fail "$1, $3 threads: $peak MB with a bound of $bound_mib MB"
}

# limited WHAT FACT LEAST: that fact tells at least so many.
limited() {
	[ $status = 3 ] || fail "$1: exit status $status, not 3"
	jq -e --arg fact "$2" --argjson least "$3" '.findings[] | select(.code == "capture-state-limited") |
		.severity == "warning" and .facts[$fact] >= $least and .count >= .facts[$fact]' "$tmp/report.json" >/dev/null ||
		fail "$1: not told what was let go"
}

whole() {
	[ $status = 0 ] || fail "$1: exit status $status, not 0"
	jq -e '[.findings[] | select(.code == "capture-state-limited")] | length == 0' "$tmp/report.json" >/dev/null ||
		fail "$1: something was let go without need"
}

for threads in 1 2; do
	flood syn 60000 $threads
	limited "a SYN flood" evicted 30000
	jq -e '.findings[] | select(.code == "syn-flood")' "$tmp/report.json" >/dev/null || fail "the flood is not seen as one"
	flood short 30000 $threads
	limited "connections that nobody closes" evicted 10000
	flood refused 20000 $threads
	limited "failures" failures_left_out 10000
	jq -e '.findings[] | select(.code == "capture-state-limited") | .facts.evicted == 0' "$tmp/report.json" >/dev/null ||
		fail "failures: conversations were let go, too"
	flood holes 30000 $threads
	limited "out-of-order segments" streams_let_go 100
	flood fragments 30000 $threads
	limited "fragments without their rest" datagrams_let_go 20000
	flood names 30000 $threads
	limited "DNS queries" evicted 5000
	for kind in refused holes fragments; do
		flood $kind 300 $threads
		whole "few $kind"
	done
done
finish
