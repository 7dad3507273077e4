#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --evidence: tshark reads the file, each packet of a finding carries its words, and nothing else is in it; with
# --anonymize none of the original addresses, MACs or names is left, in the capture or in the reports.
set -eu
sample=${srcdir:-.}/samples/lb-reset.pcap
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "$*" >&2
	exit 1
}
[ -r "$sample" ] || { echo "skipped: $sample is not there"; exit 77; }

./pcapdx -q --evidence "$work/e.pcapng" "$sample" >/dev/null
./pcapdx -q --evidence "$work/stdin.pcapng" - <"$sample" >/dev/null
cmp "$work/e.pcapng" "$work/stdin.pcapng" || fail "stdin gives other evidence than the file"
./pcapdx -q --anonymize -o "$work/a.html" -o "$work/a.json" -o "$work/a.md" -o "$work/a.csv" \
	--evidence "$work/a.pcapng" --records "$work/a.ndjson" "$sample" >"$work/a.txt"
for secret in customerweb 192.0.2.10 198.51.100.20 3c:52:82:1a:4b:07 00:01:d7:3e:10:42; do
	for file in a.html a.json a.md a.csv a.ndjson a.txt a.pcapng; do
		if grep -aqF -- "$secret" "$work/$file"; then
			fail "$file still holds $secret"
		fi
	done
done
grep -q '00:01:d7' "$work/a.json" || fail "the vendor's half of a MAC is gone"

./pcapdx -q --records "$work/r.ndjson" "$sample" >/dev/null
if ./pcapdx -q --evidence "$work/x.pcapng" "$work/r.ndjson" >/dev/null 2>"$work/said"; then
	fail "evidence out of records is not refused"
fi
grep -q 'records do not hold them' "$work/said" || fail "the refusal is not said"
if ./pcapdx -q --evidence /dev/full "$sample" >/dev/null 2>&1; then
	fail "a full disk goes unnoticed"
fi

command -v tshark >/dev/null || { echo "skipped: tshark is not installed"; exit 77; }
tshark -r "$work/e.pcapng" -Y 'tcp.flags.reset == 1' -T fields -e frame.comment 2>/dev/null >"$work/comments"
[ "$(grep -c 'rst-after-client-hello' "$work/comments")" -ge 1 ] || fail "the resets carry no comment"
[ "$(grep -vc 'error\[' "$work/comments")" -eq 0 ] || fail "a reset without its finding"
all=$(tshark -r "$sample" 2>/dev/null | wc -l)
some=$(tshark -r "$work/e.pcapng" 2>/dev/null | wc -l)
[ "$some" -gt 0 ] && [ "$some" -lt "$all" ] || fail "$some of $all packets are evidence"
[ "$(tshark -r "$work/a.pcapng" 2>/dev/null | wc -l)" -eq "$some" ] || fail "anonymous evidence has other packets"
tshark -r "$work/a.pcapng" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
	-Y 'ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad"' 2>/dev/null |
	grep . && fail "a checksum is wrong"

# The evidence says the same with and without names: hellos, alerts, DNS, HTTP and FTP lines survive the mapping.
loud() {
	./pcapdx --json "$1" | sed -n 's/.*"code": "\([a-z-]*\)".*/\1/p' | sort -u
}
for sample in lb-reset lb-close tls-silent tls-no-shared-cipher client-cert-12 refused rejected ftp-pasv-limit accept-loop; do
	./pcapdx -q --evidence "$work/e.pcapng" "${srcdir:-.}/samples/$sample.pcap" >/dev/null
	./pcapdx -q --anonymize --evidence "$work/a.pcapng" "${srcdir:-.}/samples/$sample.pcap" >/dev/null
	loud "$work/e.pcapng" >"$work/plain"
	loud "$work/a.pcapng" >"$work/mapped"
	[ -s "$work/plain" ] || fail "$sample: no evidence of anything"
	cmp -s "$work/plain" "$work/mapped" || fail "$sample: the anonymous evidence says something else: \
$(diff "$work/plain" "$work/mapped")"
done
exit 0
