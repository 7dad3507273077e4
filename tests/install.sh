#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install: what a package would hold, a manual page without warnings, completions that complete.
. "$(dirname "$0")/common.sh"
[ -f Makefile ] && [ -x ./pcapdx ] || skip "this is not a build folder"
make -s install DESTDIR="$tmp/root" prefix=/usr >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail "make install"; finish; }
for file in bin/pcapdx share/man/man1/pcapdx.1 share/doc/pcapdx/README.md share/doc/pcapdx/COPYING \
	share/doc/pcapdx/adding-a-rule.md share/doc/pcapdx/adding-a-dissector.md share/doc/pcapdx/report.schema.json \
	share/doc/pcapdx/records.schema.json share/doc/pcapdx/findings/rst-timer.md share/doc/pcapdx/report.png \
	share/bash-completion/completions/pcapdx share/zsh/site-functions/_pcapdx; do
	[ -s "$tmp/root/usr/$file" ] || fail "make install leaves out $file"
done
[ "$("$tmp/root/usr/bin/pcapdx" --version)" = "$("$pcapdx" --version)" ] || fail "the installed program does not run"
if command -v man >/dev/null; then
	said=$(man -l --warnings -E UTF-8 "$tmp/root/usr/share/man/man1/pcapdx.1" 2>&1 >/dev/null)
	[ -z "$said" ] || fail "the manual page: $said"
fi

# completes WORDS...: what bash offers for the last of them
completes() {
	(
		PATH="$tmp/root/usr/bin:$PATH"
		# shellcheck source=/dev/null
		. "$tmp/root/usr/share/bash-completion/completions/pcapdx"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_pcapdx
		printf '%s\n' "${COMPREPLY[@]}"
	)
}
completes pcapdx --ev | grep -qx -- --evidence || fail "bash does not complete --ev"
completes pcapdx --engine n | grep -qx nids || fail "bash does not complete --engine n"
completes pcapdx explain rst-t | grep -qx rst-timer || fail "bash does not complete explain rst-t"
completes pcapdx co | grep -qx compare || fail "bash does not complete co"
[ "$(completes pcapdx explain tls- | wc -l)" -gt 10 ] || fail "bash knows too few codes"
if command -v zsh >/dev/null; then
	zsh -n "$tmp/root/usr/share/zsh/site-functions/_pcapdx" || fail "zsh cannot read its completion"
fi
make -s uninstall DESTDIR="$tmp/root" prefix=/usr >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail "make uninstall"; }
left=$(find "$tmp/root" -type f)
[ -z "$left" ] || fail "make uninstall leaves $left"
finish
