# SPDX-License-Identifier: GPL-2.0-or-later
"""records_in_order.py FILE...: whether records stand in the order in which rules are promised to see them: by the
time of their emission, source, first frame and kind; the capture as a whole comes last. Fails with the first place
where it is not so."""
import json
import sys

KINDS = "tls http ftp dns icmp arp dhcp tunnel link series fragmented socks conn capture name".split()
WHOLE = ("capture", "name")


def place(record):
    return (record.get("emitted", ""), record["kind"] in WHOLE, record.get("source", 0), record.get("frame", 0),
            KINDS.index(record["kind"]))


bad = 0
for path in sys.argv[1:]:
    before = None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        now = place(json.loads(line))
        if before and now < before:
            print(f"{path}:{number}: {now} comes after {before}")
            bad += 1
            break
        before = now
sys.exit(bad > 0)
