#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures whose directions are out of step: each sample with what its clients, or its servers, send shifted in time.
# Less may be found than in the sample, but nothing that is not true.
. "$(dirname "$0")/common.sh"
needs python3 jq

loud() {
	"$pcapdx" -q --json "$1" 2>/dev/null |
		jq -r '.findings[] | select(.severity == "error" or .severity == "warning") | .code' | sort -u
}

shift_sample() { python3 "$top/tests/lag_capture.py" "$@" 2>/dev/null; }

# What a shift does not lead astray.
stays() {
	shift_sample "$top/samples/$1.pcap" "$2" "$3" "$tmp/late.pcap" || fail "$1: cannot be shifted"
	loud "$tmp/late.pcap" | grep -qx "$4" || fail "$1, $2 $3 ms late: $4 is not told any more"
}

while read -r sample; do
	loud "$top/samples/$sample" >"$tmp/told"
	for who in clients servers; do
		shift_sample "$top/samples/$sample" $who 1 "$tmp/late.pcap" || continue
		new=$(loud "$tmp/late.pcap" | comm -13 "$tmp/told" - | tr '\n' ' ')
		[ -z "$new" ] || fail "$sample, $who 1 ms late: $new"
	done
done < <(samples | grep '\.pcap$')

for who in clients servers; do
	stays lb-close $who 1 tls-closed-after-client-hello
	stays tls-alert $who 1 tls-alert
	stays tls-expired $who 1 tls-cert-expired
	stays tls-silent $who 1 tls-silent-server
	stays accept-loop $who 1 accept-loop-blocked
	stays client-cert-12 $who 1 tls-client-certificate-required
done
finish
