#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the counters of the JSON report with what tshark counts, for captures that happen to be around.

usage: tshark_diff.py [-a] [-v] [-k NAME]... [FILE...]

Without files: samples/; with -a those of ../shared/lab and ../shared/captures too. Compared per file: TCP packets,
conversations and flags, each class of tcp.analysis, TLS hellos and alerts, DNS response codes. -k compares only
counters whose name contains NAME. Fails when fewer than 98 % of the files are equal in all of connections.tcp.
The program is $PCAPDX or ./pcapdx; tshark is asked for packets outside of ICMP's quotes only."""
import argparse
import collections
import json
import os
import shutil
import subprocess
import sys

CLASSES = ["retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "duplicate_ack",
           "lost_segment", "ack_lost_segment", "zero_window", "zero_window_probe", "zero_window_probe_ack",
           "window_full", "window_update", "keep_alive", "keep_alive_ack", "reused_ports"]
FIELDS = ["frame.protocols", "tcp.flags", "tcp.stream", "tls.handshake.type", "tls.alert_message.desc",
          "dns.flags.response", "dns.flags.rcode"] + ["tcp.analysis." + c for c in CLASSES]
MAX_SIZE = 20 << 20
GOAL = 0.98


def here(*parts):
    return os.path.join(os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")), *parts)


def captures(everything):
    shared = here("..", "shared")
    folders = [here("samples")]
    if everything:
        folders += [os.path.join(shared, "lab"), os.path.join(shared, "captures")]
    for folder in folders:
        for path, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                full = os.path.join(path, name)
                if name.endswith((".pcap", ".pcapng", ".cap", ".snoop")) and os.path.getsize(full) <= MAX_SIZE:
                    yield full


def split(text):
    return [v for v in text.split(",") if v]


def count_tcp(row, seen):
    flags = split(row["tcp.flags"])
    if not flags:
        return
    bits = int(flags[-1], 16)
    seen["tcp.packets"] += 1
    seen["tcp.flags.syn"] += bits & 0x12 == 0x02
    seen["tcp.flags.syn_ack"] += bits & 0x12 == 0x12
    seen["tcp.flags.fin"] += bits & 1
    seen["tcp.flags.rst"] += bits >> 2 & 1
    for c in CLASSES:
        seen["tcp.analysis." + c] += bool(row["tcp.analysis." + c])


def count_rest(row, seen):
    for kind in split(row["tls.handshake.type"]):
        seen["tls.client_hellos"] += kind == "1"
        seen["tls.server_hellos"] += kind == "2"
    for alert in split(row["tls.alert_message.desc"]):
        seen["tls.alert." + alert] += 1
    if ":dns" in row["frame.protocols"] or ":mdns" in row["frame.protocols"]:
        for answer, code in zip(split(row["dns.flags.response"]), split(row["dns.flags.rcode"])):
            seen["dns.rcode." + code] += answer in ("1", "True")


def theirs(path):
    command = ["tshark", "-n", "-r", path, "-Y", "not icmp and not icmpv6", "-T", "fields"]
    run = subprocess.run(command + [w for f in FIELDS for w in ("-e", f)], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    seen, streams = collections.Counter(), set()
    for line in run.stdout.decode(errors="replace").splitlines():
        row = dict(zip(FIELDS, line.split("\t") + [""] * len(FIELDS)))
        streams.update(split(row["tcp.stream"]))
        count_tcp(row, seen)
        count_rest(row, seen)
    seen["tcp.total"] = len(streams)
    return seen


def ours(path, program):
    run = subprocess.run([program, "--json", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if run.returncode not in (0, 1, 3):
        return None
    report, seen = json.loads(run.stdout), collections.Counter()
    tcp = report["connections"]["tcp"]
    seen.update({"tcp.total": tcp["total"], "tcp.packets": tcp["packets"]})
    seen.update({"tcp.flags." + k: v for k, v in tcp["flags"].items()})
    seen.update({"tcp.analysis." + k: v for k, v in tcp["analysis"].items()})
    seen.update({"tls." + k: report["tls"][k] for k in ("client_hellos", "server_hellos")})
    seen.update({"tls.alert." + k: v for k, v in report["tls"]["alerts"].items()})
    seen.update({"dns.rcode." + k: v for k, v in report["dns"]["rcodes"].items()})
    return seen


def compare(mine, other, only):
    names = sorted(set(mine) | set(other))
    return [(n, mine[n], other[n]) for n in names if mine[n] != other[n] and (not only or any(k in n for k in only))]


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("-a", action="store_true")
    ap.add_argument("-v", action="store_true")
    ap.add_argument("-k", action="append", default=[])
    ap.add_argument("files", nargs="*")
    args = ap.parse_args()
    files = args.files or list(captures(args.a))
    if not shutil.which("tshark") or not files:
        print("skipped: no tshark, or no captures")
        return 77
    compared, equal, wrong = 0, 0, collections.Counter()
    for path in files:
        mine = ours(path, os.environ.get("PCAPDX", "./pcapdx"))
        if mine is None:
            continue
        differ = compare(mine, theirs(path), args.k)
        compared += 1
        equal += not any(n.startswith("tcp.") for n, _, _ in differ)
        wrong.update({n for n, _, _ in differ})
        if differ and (args.v or any(n.startswith("tcp.") for n, _, _ in differ)):
            print(path + ": " + ", ".join("%s %d, tshark %d" % d for d in differ))
    print("%d of %d captures equal in connections.tcp" % (equal, compared))
    print("captures that differ, by counter: " + (", ".join("%s %d" % w for w in wrong.most_common()) or "none"))
    return 0 if equal >= GOAL * compared else 1


if __name__ == "__main__":
    sys.exit(main())
