#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture of real programs in which every name tries to act where it is shown. In no output does one of them.
. "$(dirname "$0")/common.sh"
sample=$top/samples/hostile-names.pcap
"$pcapdx" -v -o "$tmp/r.html" -o "$tmp/r.json" -o "$tmp/r.md" -o "$tmp/r.csv" -o "$tmp/r.txt" --evidence "$tmp/r.pcapng" \
	--records "$tmp/r.ndjson" "$sample" >"$tmp/terminal"
"$pcapdx" compare "$sample" "$sample" >"$tmp/compare"
"$pcapdx" compare --json "$sample" "$sample" >"$tmp/compare.json"

# The names are there: otherwise this test would prove nothing.
for part in 'onerror=alert(1)' 'alert(2)' 'alert(6)' HYPERLINK owned; do
	grep -qF "$part" "$tmp/terminal" || fail "$part is not in the report"
done

# Terminal bytes, C1 controls, bidi and invisible controls, bad UTF-8: nowhere.
python3 - "$tmp"/r.{html,json,md,csv,txt,ndjson} "$tmp"/{terminal,compare,compare.json} <<'EOF' || fail "control characters"
import sys
bad = [c for c in list(range(0x20)) + list(range(0x7f, 0xa0)) if c not in (9, 10)]
bad += list(range(0x202a, 0x202f)) + list(range(0x2066, 0x206a)) + [0x200e, 0x200f, 0x061c, 0xfeff]
faults = 0
for path in sys.argv[1:]:
    text = open(path, "rb").read().decode("utf-8")  # fails where it is not
    allowed = (13,) if path.endswith(".csv") else ()
    found = sorted({ord(c) for c in text if ord(c) in bad and ord(c) not in allowed})
    if found:
        print(path, ["U+%04X" % c for c in found])
        faults = 1
sys.exit(faults)
EOF

# HTML: no markup out of a name. Markdown: no image, script or link of theirs. CSV: no formula.
grep -qi '<img\|<svg onload\|<script>alert' "$tmp/r.html" && fail "live markup in the page"
grep -qF '&lt;img src=x onerror=alert(1)&gt;' "$tmp/r.html" || fail "the page does not show the names"
grep -v '^    ' "$tmp/r.md" | grep -q '^[^`]*<\(img\|script\)' && fail "live markup in Markdown"
python3 - "$tmp/r.csv" <<'EOF' || fail "a formula in CSV"
import csv
import sys
cells = [cell for row in csv.reader(open(sys.argv[1], newline="")) for cell in row]
assert any("svg onload" in cell for cell in cells), "no hostile name in the table"
sys.exit(any(cell and (cell[0] in "=+@\t\r" or (cell[0] == "-" and not cell[1:].replace(".", "").isdigit()))
             for cell in cells))
EOF

# Comments of the evidence are shown by other programs.
if command -v tshark >/dev/null; then
	tshark -r "$tmp/r.pcapng" -T fields -e frame.comment 2>/dev/null >"$tmp/comments"
	grep -q 'ftp-login-failed' "$tmp/comments" || fail "no comments"
	python3 - "$tmp/r.pcapng" <<'EOF' || fail "control characters in comments"
import struct
import sys
data = open(sys.argv[1], "rb").read()
at, comments = 0, []
while at < len(data):
    kind, length = struct.unpack_from("<II", data, at)
    if kind == 6:
        captured = struct.unpack_from("<I", data, at + 20)[0]
        option = at + 28 + (captured + 3) // 4 * 4
        while option + 4 <= at + length - 4:
            code, size = struct.unpack_from("<HH", data, option)
            if code == 1:
                comments.append(data[option + 4:option + 4 + size].decode("utf-8"))
            if code == 0:
                break
            option += 4 + (size + 3) // 4 * 4
    at += length
assert comments
sys.exit(any((ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e or
             0x2066 <= ord(c) <= 0x2069 for text in comments for c in text))
EOF
fi

# In a browser nothing of it acts.
if [ -f tests/check-browser.log ] || command -v chromium >/dev/null; then
	srcdir=$top sh "$top/tests/check-browser" "$tmp/r.html" >"$tmp/browser" 2>&1
	case $? in
	0) ;;
	77) echo "not looked at in a browser: $(cat "$tmp/browser")" ;;
	*) cat "$tmp/browser"; fail "the page in a browser" ;;
	esac
fi
finish
