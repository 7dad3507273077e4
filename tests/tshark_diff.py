#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the counters of the JSON report with what tshark counts, file by file.

usage: tshark_diff.py [-s] [-q] [-j N] [-c FOLDER] [-k NAME]... [FILE|FOLDER...]

Without files: samples/ and, where they are present, ../shared/lab and ../shared/captures (-s: samples/ only). Compared:
packets, TCP packets, conversations and flags, each class of tcp.analysis, UDP streams and packets, TLS handshake types
and alerts (DTLS and QUIC included), DNS queries, responses and response codes. -k compares only counters whose name
contains NAME; -q names only the files that differ in connections.tcp. -j runs N tsharks at once, -c
keeps what tshark said in FOLDER and does not ask it twice about the same file.

tshark runs with its default preferences. Where TLS or DNS differs it is asked twice more, with reassembly of
out-of-order segments on, without and with being told which ports speak TLS, DNS over TCP or OpenVPN: by default it knows
them by lists of ports. The answer that is nearest counts. A file that one of the two does not read at all is not
compared.

Fails when fewer than 98 % of the files are equal in every count; those do not count against it whose differences are
listed in tshark_diff.known, each with the section of doc/tshark-differences.md that explains it. UDP stream numbers are
shown and not judged, as Wireshark's dissectors take some for themselves. The program is $PCAPDX or ./pcapdx. Headers
that others quote (ICMP, sFlow, OpenFlow, netlink) do not count."""
import argparse
import collections
import concurrent.futures
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys

CLASSES = ["retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "duplicate_ack",
           "lost_segment", "ack_lost_segment", "zero_window", "zero_window_probe", "zero_window_probe_ack",
           "window_full", "window_update", "keep_alive", "keep_alive_ack", "reused_ports"]
FIELDS = ["frame.number", "frame.protocols", "tcp.flags", "tcp.stream", "udp.stream", "tls.handshake.type",
          "tls.alert_message.desc", "dtls.handshake.type", "dtls.alert_message.desc", "dns.flags.response",
          "dns.flags.rcode"] + ["tcp.analysis." + c for c in CLASSES]
ALERT_IN_QUIC = "quic.cc.error_code.tls_alert"  # asked where TLS differs: most captures hold none
ORDERED = ["-e", ALERT_IN_QUIC, "-o", "tcp.reassemble_out_of_order:TRUE"]
ASKED_AGAIN = ("tls.", "dns.")
QUOTING = (":sflow", ":openflow", ":netlink")  # what their messages carry was sent by others, elsewhere
ENDINGS = (".pcap", ".pcapng", ".cap", ".snoop", ".dump", ".ntar", ".trace", ".gz", ".zst", ".lz4", ".xz", ".bz2")
MAX_SIZE = 20 << 20
GOAL = 0.98


def here(*parts):
    return os.path.join(os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")), *parts)


def below(folder):
    for path, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            full = os.path.join(path, name)
            if name.endswith(ENDINGS) and os.path.getsize(full) <= MAX_SIZE:
                yield full


def captures(args):
    given = args.files or [here("samples")]
    if not args.files and not args.s:
        shared = here("..", "shared")
        found = [f for f in (os.path.join(shared, "lab"), os.path.join(shared, "captures")) if os.path.isdir(f)]
        if not found:
            print("skipped: ../shared is not there; samples/ only")
        given += found
    for name in given:
        yield from below(name) if os.path.isdir(name) else [name]


def split(text):
    return [v for v in text.split(",") if v]


def count_tcp(row, seen, streams):
    flags = split(row["tcp.flags"])
    streams["tcp"].update(split(row["tcp.stream"]))
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
    for kind in split(row["tls.handshake.type"]) + split(row["dtls.handshake.type"]):
        seen["tls.handshake." + kind] += 1
    for alert in split(row["tls.alert_message.desc"]) + split(row["dtls.alert_message.desc"]) + split(row[ALERT_IN_QUIC]):
        seen["tls.alert." + alert] += 1
    for answer in split(row["dns.flags.response"]):
        seen["dns.responses" if answer in ("1", "True") else "dns.queries"] += 1
    for code in split(row["dns.flags.rcode"]):
        seen["dns.rcode." + code] += 1


def carries_packets(protocols):
    inside = protocols.rpartition(":udp")[2] + ":"
    return ":ip:" in inside or ":ipv6:" in inside or ":eth:" in inside or inside.endswith(":arp:")


def without_quotes(row):
    """Only the carrier of a row whose message quotes packets of others."""
    quoting = min((row["frame.protocols"].find(q) for q in QUOTING if q in row["frame.protocols"]), default=-1)
    if quoting < 0:
        return row
    carrier = dict.fromkeys(row, "")
    carrier["frame.protocols"] = row["frame.protocols"][:quoting]
    for name, field in (("udp", "udp.stream"), ("tcp", "tcp.stream"), ("tcp", "tcp.flags")):
        if carrier["frame.protocols"].endswith(name):
            carrier[field] = split(row[field])[0] if row[field] else ""
    carrier.update({k: v for k, v in row.items() if k.startswith("tcp.analysis")})
    return carrier


def is_udp(row):
    """UDP-Lite has numbers of udp.stream, too; a tunnel's carrier is no datagram of its own."""
    protocols = row["frame.protocols"] + ":"
    return bool(row["udp.stream"]) and ":udp:" in protocols and not carries_packets(row["frame.protocols"])


def tshark_rows(path, options, keep):
    """Lines of text, one per packet that tshark reads."""
    command = ["tshark", "-n", "-r", path, "-T", "fields"] + [w for f in FIELDS for w in ("-e", f)] + options
    kept = keep and os.path.join(keep, hashlib.sha1(
        repr([command, os.path.abspath(path), os.stat(path).st_size, os.stat(path).st_mtime]).encode()).hexdigest() + ".gz")
    if kept and os.path.exists(kept):
        with gzip.open(kept) as rows:
            return rows.read().decode(errors="replace").splitlines()
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if kept:
        with gzip.open(kept + ".part", "wb", 1) as rows:
            rows.write(run.stdout)
        os.replace(kept + ".part", kept)
    return run.stdout.decode(errors="replace").splitlines()


def theirs(path, options=(), keep=None):
    seen, streams = collections.Counter(), collections.defaultdict(set)
    for line in tshark_rows(path, list(options), keep):
        row = dict(zip(FIELDS + [ALERT_IN_QUIC], line.split("\t") + [""] * (len(FIELDS) + 1)))
        row = without_quotes(row)
        seen["packets"] += 1
        streams["udp"].update(split(row["udp.stream"]))
        if ":icmp" in row["frame.protocols"]:
            continue
        seen["udp.packets"] += is_udp(row)
        count_tcp(row, seen, streams)
        count_rest(row, seen)
    seen["tcp.total"] = len(streams["tcp"])
    seen["udp.streams"] = len(streams["udp"])
    return seen


def port_options(report):
    """What tshark has to be told to look for TLS and DNS where we do."""
    services = {(c["proto"], c["server_port"], c["service"]) for c in report["connections"]["list"]}
    told = sorted("%s.port==%d,%s" % s for s in services if s[::2] in (("tcp", "tls"), ("tcp", "dns")) or s[2] == "openvpn")
    return [w for t in told for w in ("-d", t)]


def run_ours(path, program):
    run = subprocess.run([program, "--json", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if run.returncode not in (0, 1, 3):
        return None
    return json.loads(run.stdout)


def ours(report):
    seen = collections.Counter()
    tcp, udp, tls, dns = report["connections"]["tcp"], report["connections"]["udp"], report["tls"], report["dns"]
    seen.update({"packets": report["capture"]["packets"], "tcp.total": tcp["total"], "tcp.packets": tcp["packets"]})
    seen.update({"tcp.flags." + k: v for k, v in tcp["flags"].items()})
    seen.update({"tcp.analysis." + k: v for k, v in tcp["analysis"].items()})
    seen.update({"udp." + k: udp[k] for k in ("streams", "packets")})
    seen.update({"tls.handshake." + k: v for k, v in tls["handshakes"].items()})
    seen.update({"tls.alert." + k: v for k, v in tls["alerts"].items()})
    seen.update({"dns." + k: dns[k] for k in ("queries", "responses")})
    seen.update({"dns.rcode." + k: v for k, v in dns["rcodes"].items()})
    return seen


def differences(mine, other, only):
    names = sorted(set(mine) | set(other))
    return [(n, mine[n], other[n]) for n in names if mine[n] != other[n] and (not only or any(k in n for k in only))]


def compare(path, only, keep):
    """(name, ours, tshark's) of all counters that differ; None when there is nothing to compare."""
    report = run_ours(path, os.environ.get("PCAPDX", "./pcapdx"))
    if report is None:
        return None
    mine, other = ours(report), theirs(path, keep=keep)
    if not other["packets"] and mine["packets"]:
        return None  # tshark refuses the file
    differ = differences(mine, other, only)
    if not any(n.startswith(ASKED_AGAIN) for n, _, _ in differ):
        return differ
    answers = [differ]
    for options in (ORDERED, ORDERED + port_options(report)):  # a port that is told hides what comes before STARTTLS
        again = theirs(path, options, keep)
        told = {n: v for n, v in other.items() if not n.startswith(ASKED_AGAIN)}
        told.update({n: v for n, v in again.items() if n.startswith(ASKED_AGAIN)})
        answers.append(differences(mine, collections.Counter(told), only))
    return min(answers, key=len)


def known_differences():
    known = {}
    with open(here("tests", "tshark_diff.known")) as lines:
        for line in lines:
            if not line.startswith("#"):
                name, counters, _ = line.rstrip("\n").split("\t")
                known[name] = tuple(counters.split())
    return known


def judge(path, differ, known):
    """"equal", "known" or "differs"."""
    judged = [n for n, _, _ in differ if n != "udp.streams"]
    if not judged:
        return "equal"
    parts = os.path.abspath(path).split(os.sep)
    listed = known.get(parts[-1]) or known.get("/".join(parts[-2:])) or ()
    return "known" if listed and all(n.startswith(listed) for n in judged) else "differs"


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("-s", action="store_true")
    ap.add_argument("-q", action="store_true")
    ap.add_argument("-j", type=int, default=2)
    ap.add_argument("-c", metavar="FOLDER")
    ap.add_argument("-k", action="append", default=[])
    ap.add_argument("files", nargs="*")
    args = ap.parse_args()
    files = list(captures(args))
    if not shutil.which("tshark") or not files:
        print("skipped: no tshark, or no captures")
        return 77
    verdicts, equal_tcp, wrong, known = collections.Counter(), 0, collections.Counter(), known_differences()
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        for path, differ in zip(files, pool.map(lambda p: compare(p, args.k, args.c), files)):
            if differ is None:
                continue
            verdict = judge(path, differ, known)
            verdicts[verdict] += 1
            in_tcp = any(n.startswith("tcp.") for n, _, _ in differ)
            equal_tcp += not in_tcp
            wrong.update({n for n, _, _ in differ})
            if differ and (in_tcp or not args.q):
                print("%s: %s: " % (path, verdict) + ", ".join("%s %d, tshark %d" % d for d in differ), flush=True)
    compared = sum(verdicts.values())
    print("%d of %d captures equal in every count, %d more differ as is known; %d equal in connections.tcp"
          % (verdicts["equal"], compared, verdicts["known"], equal_tcp))
    print("captures that differ, by counter: " + (", ".join("%s %d" % w for w in wrong.most_common()) or "none"))
    return 0 if compared and verdicts["equal"] >= GOAL * (compared - verdicts["known"]) else 1


if __name__ == "__main__":
    sys.exit(main())
