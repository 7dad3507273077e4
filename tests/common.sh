# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the end-to-end tests share. Sourced by them; sets $top (the source tree), $pcapdx (the program) and $tmp (a
# folder that goes when the test ends), and counts what does not hold.
set -u
export LC_ALL=C TZ=UTC NO_COLOR=1 COLUMNS=80
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pcapdx=
for built in "${PCAPDX-}" ./pcapdx "$top/pcapdx" "$top/build/pcapdx"; do
	[ -z "$pcapdx" ] && [ -n "$built" ] && [ -x "$built" ] && pcapdx=$(readlink -f "$built")
done
[ -n "$pcapdx" ] || { echo "pcapdx is not built, or name it in \$PCAPDX" >&2; exit 2; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0

skip() {
	echo "skipped: $*"
	exit 77
}

# needs PROGRAM...: or the test is skipped.
needs() {
	local program

	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

fail() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

samples() {
	find "$top/samples" -maxdepth 1 -name '*.pcap*' -printf '%f\n' | sort
}

finish() {
	[ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
	exit 0
}
