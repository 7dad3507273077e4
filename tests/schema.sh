#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The JSON report and the records of every sample follow their schemas in doc/.
. "$(dirname "$0")/common.sh"
needs python3
python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"

for sample in "$top"/samples/*.pcap*; do
	name=$(basename "$sample")
	"$pcapdx" --json --records "$tmp/$name.ndjson" "$sample" >"$tmp/$name.json"
done
head -c 3000 "$top/samples/lb-reset.pcap" >"$tmp/cut.pcap"
"$pcapdx" --json "$tmp/cut.pcap" >"$tmp/cut.json" 2>/dev/null
head -c 24 "$top/samples/lb-reset.pcap" >"$tmp/none.pcap"
"$pcapdx" --json "$tmp/none.pcap" >"$tmp/none.json"
srcdir=$top "$top/tests/check-report-schema" "$tmp"/*.json || fail "reports"

# The first records of each kind of each sample: all of them would take minutes.
python3 - "$top/doc/records.schema.json" "$tmp"/*.ndjson <<'EOF' || fail "records"
import collections, json, sys
import jsonschema

validator = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
bad = 0
for path in sys.argv[2:]:
    seen = collections.Counter()
    for line in open(path, encoding="utf-8"):
        record = json.loads(line)
        seen[record.get("kind")] += 1
        if seen[record.get("kind")] > 3:
            continue
        for error in validator.iter_errors(record):
            bad += 1
            print("%s: %s: %s" % (path, list(error.absolute_path), error.message[:200]))
sys.exit(bad > 0)
EOF
finish
