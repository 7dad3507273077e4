#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what decode/ makes of each frame with what tshark says, for captures that happen to be around.

usage: decode_vs_tshark.py [-a] [-v] [FILE...]

Without files: samples/, and those folders of ../shared/captures that exist and are about decoding; with -a all of
../shared/captures and ../shared/lab. Compared are, of the innermost layer, the addresses, the ports, ICMP's type and
code, and TCP's seq, ack, flags, window and payload length. Not compared are frames whose headers one of the two calls
broken, the length of a packet that is longer than its frame (lost bytes to us, not to tshark), and what tshark reads in
a first fragment.
The program is $DECODE_DUMP or tests/decode_dump."""
import argparse
import os
import shutil
import subprocess
import sys

FIELDS = ["frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport",
          "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.len", "udp.srcport", "udp.dstport",
          "udp.length", "arp.src.proto_ipv4", "arp.dst.proto_ipv4", "_ws.malformed", "_ws.short", "icmp.type",
          "icmp.code", "icmpv6.type", "icmpv6.code"]
OURS = ["number", "kind", "verdict", "fault", "src", "dst", "proto", "sport", "dport", "seq", "ack", "flags", "window",
        "len", "checksum", "tunnels"]
TSHARK = ["tshark", "-n", "-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
          "-o", "tcp.check_checksum:FALSE"]
MAX_SIZE = 20 << 20


def here(*parts):
    return os.path.join(os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")), *parts)


def captures(everything):
    shared = here("..", "shared")
    folders = [os.path.join(shared, "captures", f) for f in ("decode", "tunnels")]
    if everything:
        folders = [os.path.join(shared, "lab"), os.path.join(shared, "captures")]
    for folder in [here("samples")] + folders:
        for path, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                full = os.path.join(path, name)
                if name.endswith((".pcap", ".pcapng", ".cap", ".snoop")) and os.path.getsize(full) <= MAX_SIZE:
                    yield full


def lines(command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [line.split("\t") for line in run.stdout.decode(errors="replace").splitlines()]


class Layers:
    """The fields of one tshark line; each layer of a kind has its own values, in order."""

    def __init__(self, row):
        self.raw = dict(zip(FIELDS, row + [""] * len(FIELDS)))
        self.taken = {}

    def take(self, protocol, field):
        values = self.raw[field].split("|")
        i = self.taken.get(protocol, 0)
        return values[i] if i < len(values) else ""


def innermost(row):
    """What the innermost packet is, as tshark sees it: a dictionary with the names of OURS."""
    layers, found = Layers(row), {"kind": "other"}
    for protocol in layers.raw["frame.protocols"].split(":"):
        take = lambda field, layer=protocol: layers.take(layer, field)
        if protocol in ("ip", "ipv6"):
            found = {"kind": "ip", "src": take(protocol + ".src"), "dst": take(protocol + ".dst")}
        elif protocol == "tcp":
            found.update(kind="tcp", sport=take("tcp.srcport"), dport=take("tcp.dstport"), seq=take("tcp.seq_raw"),
                         ack=take("tcp.ack_raw"), window=take("tcp.window_size_value"), len=take("tcp.len"),
                         flags=take("tcp.flags"))
        elif protocol == "udp":
            found.update(kind="udp", sport=take("udp.srcport"), dport=take("udp.dstport"),
                         len=take("udp.length") and str(int(take("udp.length")) - 8))
        elif protocol == "arp" and take("arp.src.proto_ipv4"):
            found = {"kind": "arp", "src": take("arp.src.proto_ipv4"), "dst": take("arp.dst.proto_ipv4")}
        elif protocol in ("icmp", "icmpv6"):
            found.update(kind="icmp", seq=take(protocol + ".type"), ack=take(protocol + ".code"))
            return found  # what follows is quoted
        layers.taken[protocol] = layers.taken.get(protocol, 0) + 1
    return found


def compare(ours, theirs):
    """Names of the values that differ."""
    if theirs.get("flags"):
        theirs["flags"] = hex(int(theirs["flags"], 16) & 0xff)
    if ours["kind"] == "fragment":
        return []
    if ours["fault"] == "ip-length":
        theirs.pop("len", None)
    names = ["kind"] if ours["kind"] != theirs["kind"] else [
        n for n in theirs if n != "kind" and theirs[n] not in ("", "::") and theirs[n] != ours[n]]
    return ["%s %s, tshark %s" % (n, ours[n], theirs[n]) for n in names]


def check(path, dump, verbose):
    ours = [dict(zip(OURS, row)) for row in lines([dump, path])]
    command = TSHARK + ["-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"]
    rows = lines(command + [w for f in FIELDS for w in ("-e", f)]) if ours else []
    compared, differ = 0, []
    for mine, row in zip(ours, rows):
        raw = dict(zip(FIELDS, row + [""] * len(FIELDS)))
        if mine["verdict"] != "ok" or raw["_ws.malformed"] or raw["_ws.short"]:
            continue
        compared += 1
        bad = compare(mine, innermost(row))
        if bad:
            differ.append("%s frame %s: %s (%s)" % (path, mine["number"], "; ".join(bad), raw["frame.protocols"]))
    for line in differ if verbose else differ[:3]:
        print(line)
    return compared, len(differ)


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("-a", action="store_true")
    ap.add_argument("-v", action="store_true")
    ap.add_argument("files", nargs="*")
    args = ap.parse_args()
    dump = os.environ.get("DECODE_DUMP", os.path.join("tests", "decode_dump"))
    files = args.files or list(captures(args.a))
    if not shutil.which("tshark"):
        print("skipped: no tshark")
        return 77
    if not files:
        print("skipped: no captures")
        return 77
    total = [0, 0]
    for path in files:
        got = check(path, dump, args.v)
        total = [total[0] + got[0], total[1] + got[1]]
    print("%d frames of %d captures compared, %d differ" % (total[0], len(files), total[1]))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
