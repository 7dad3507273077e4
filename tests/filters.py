#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Gives each finding's display filter to tshark: it must select the finding's evidence in that source, and of a filter
by conversation exactly those conversations.

usage: filters.py [-v] [FILE...]

Without files: samples/. The program is $PCAPDX, or pcapdx in the current folder or the source tree."""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def program():
    for path in (os.environ.get("PCAPDX"), "./pcapdx", os.path.join(TOP, "pcapdx"), os.path.join(TOP, "build/pcapdx")):
        if path and os.access(path, os.X_OK):
            return path
    sys.exit("filters.py: pcapdx is not built, or name it in $PCAPDX")


def findings(path):
    run = subprocess.run([program(), "--json", path], stdout=subprocess.PIPE, check=False)
    report = json.loads(run.stdout)
    names = [source["name"] for source in report["capture"]["sources"]]
    return [(finding, names[finding["filter_source"] or 0]) for finding in report["findings"] if finding["filter"]]


def streams_named(text):
    """{1..3, 7} of "tcp.stream in {1..3, 7}"; None for any other filter."""
    match = re.fullmatch(r"(tcp|udp)\.stream (?:== (\d+)|in \{([^}]*)\})( or frame\.number == \d+)?", text)
    if not match:
        return None
    out = set()
    for part in (match[2] or match[3]).split(","):
        first, _, last = part.strip().partition("..")
        out.update(range(int(first), int(last or first) + 1))
    return match[1], out


def selected(path, text):
    """Frame numbers, and the conversations they belong to by protocol."""
    command = ["tshark", "-n", "-r", path, "-Y", text, "-T", "fields", "-e", "frame.number", "-e", "tcp.stream",
               "-e", "udp.stream"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode and "cut short" not in run.stderr:
        return run.stderr.strip().splitlines()[-1:], None, None
    rows = [line.split("\t") for line in run.stdout.splitlines()]
    frames = {int(row[0]) for row in rows}
    streams = {kind: {int(n) for row in rows for n in row[column].split(",") if n}
               for kind, column in (("tcp", 1), ("udp", 2))}
    return None, frames, streams


def fault(finding, path):
    error, frames, streams = selected(path, finding["filter"])
    if error:
        return "tshark refuses it: %s" % error
    evidence = {e["frame"] for e in finding["evidence"] if e["source"] == (finding["filter_source"] or 0)}
    if not frames:
        return "selects nothing"
    if evidence - frames:
        return "evidence frames %s are not selected" % sorted(evidence - frames)[:8]
    named = streams_named(finding["filter"])
    if named and not named[1] <= streams[named[0]]:
        return "%s streams %s are not there" % (named[0], sorted(named[1] - streams[named[0]])[:8])
    return None


def main():
    verbose = "-v" in sys.argv
    paths = [a for a in sys.argv[1:] if a != "-v"] or sorted(glob.glob(os.path.join(TOP, "samples", "*.pcap*")))
    if not shutil.which("tshark"):
        print("skipped: tshark is not installed")
        sys.exit(77)
    jobs = [job for path in paths for job in findings(path)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        faults = list(pool.map(lambda job: fault(*job), jobs))
    for (finding, path), why in zip(jobs, faults):
        if why or verbose:
            print("%s %s: %s: %s" % (os.path.basename(path), finding["code"], finding["filter"], why or "right"))
    print("%d of %d filters select what they claim" % (faults.count(None), len(faults)))
    sys.exit(faults.count(None) != len(faults) or not jobs)


main()
