#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program on a terminal: colours, width, what -q and -v show, progress. script(1) makes the terminal.
. "$(dirname "$0")/common.sh"
needs script
sample=$top/samples/lb-reset.pcap
escape=$(printf '\033')
quoted=$(printf '%q' "$pcapdx")

# on_terminal COMMAND: its output as a terminal gets it.
on_terminal() {
	script -qec "$1" /dev/null </dev/null | tr -d '\r'
}

widest() {
	wc -L <"$1"
}

# Colours: on a terminal only, and not with NO_COLOR or on a dumb one.
"$pcapdx" "$sample" >"$tmp/piped"
grep -q "$escape" "$tmp/piped" && fail "colours in a pipe"
on_terminal "env -u NO_COLOR TERM=xterm $quoted $sample" >"$tmp/coloured"
grep -q "$escape\[1;31merror$escape" "$tmp/coloured" || fail "no colours on a terminal"
on_terminal "env NO_COLOR=1 TERM=xterm $quoted $sample" | grep -q "$escape" && fail "colours with NO_COLOR"
on_terminal "env -u NO_COLOR TERM=dumb $quoted $sample" | grep -q "$escape" && fail "colours on a dumb terminal"
sed "s/$escape\[[0-9;]*m//g" "$tmp/coloured" | cmp -s - "$tmp/piped" || fail "the coloured text is another one"

# Width: COLUMNS, or the terminal's; never above 100. The verdict and commands to copy are not broken.
COLUMNS=60 "$pcapdx" "$sample" | sed 1d | grep -v openssl >"$tmp/narrow"
[ "$(widest "$tmp/narrow")" -le 60 ] || fail "COLUMNS=60: a line of $(widest "$tmp/narrow")"
on_terminal "stty cols 100; env -u COLUMNS $quoted $sample" | sed 1d >"$tmp/wide"
[ "$(widest "$tmp/wide")" -gt 80 ] && [ "$(widest "$tmp/wide")" -le 100 ] ||
	fail "a terminal of 100 columns: lines of $(widest "$tmp/wide")"
COLUMNS=no "$pcapdx" "$sample" | cmp -s - "$tmp/piped" || fail "COLUMNS that is no number changes the text"

# A screen.
lines=$(wc -l <"$tmp/piped")
[ "$lines" -le 50 ] || fail "$lines lines for one incident"
[ "$("$pcapdx" -q "$sample" | wc -l)" -eq 1 ] || fail "-q gives more than the verdict"
[ "$(head -1 "$tmp/piped")" = "$("$pcapdx" -q "$sample")" ] || fail "-q says something else than line 1"
"$pcapdx" -v "$sample" >"$tmp/all"
for code in $("$pcapdx" --json "$sample" | sed -n 's/.*"code": "\([a-z-]*\)".*/\1/p'); do
	grep -q "\[$code\]" "$tmp/all" || fail "-v leaves out $code"
done

# Progress: after a second, on a terminal, with a rate; gone at the end; never in a file.
slow="(head -c 2000 $sample; sleep 1.2; tail -c +2001 $sample | head -c 100; sleep 0.4; tail -c +2101 $sample)"
on_terminal "$slow | $quoted -q - >/dev/null" >"$tmp/progress"
grep -q 'packets, .* a second' "$tmp/progress" || fail "no progress on a terminal: $(cat -v "$tmp/progress")"
sh -c "$slow | $quoted -q - 2>&1 >/dev/null" | grep -q . && fail "progress in a file"
on_terminal "$quoted -q $sample 2>&1 >/dev/null" | grep -q packets && fail "progress within a second"
finish
