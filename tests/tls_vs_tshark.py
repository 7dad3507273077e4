#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what the TLS dissectors see with tshark: handshake messages and alerts per frame, and per conversation
versions, cipher, names, application protocols and fingerprints.

usage: tls_vs_tshark.py [-a] [-v] [FILE...]

Without files: the samples that hold handshakes, and those captures in ../shared beside the source tree, where there
are any, that do; all of these with -a. A file with a key log beside it
(x.keys for x.pcap) is compared twice, without and with it. The program is $TLS_DUMP or tests/tls_dump."""

import argparse
import glob
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys

MESSAGES = {"1": "ClientHello", "2": "ServerHello", "11": "Certificate", "13": "CertificateRequest",
            "14": "ServerHelloDone", "16": "ClientKeyExchange"}
FIELDS = ["frame.number", "tcp.stream", "udp.stream", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport",
          "tcp.dstport", "udp.srcport", "udp.dstport", "tls.handshake.type", "dtls.handshake.type",
          "tls.alert_message.desc", "dtls.alert_message.desc", "tls.handshake.extensions_server_name",
          "dtls.handshake.extensions_server_name", "tls.handshake.ciphersuite", "dtls.handshake.ciphersuite",
          "tls.handshake.ja3", "tls.handshake.ja3s", "frame.protocols"]


def lines(command):
    got = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return got.stdout.decode("utf-8", "replace").split("\n")[:-1]


def values(row, name):
    text = row["tls." + name] or row["dtls." + name]
    return text.split(",") if text else []


def innermost(row, *names):
    for name in names:
        if row[name]:
            return row[name].split(",")[-1]
    return ""


def tuple_of(row):
    return (innermost(row, "ip.src", "ipv6.src"), innermost(row, "tcp.srcport", "udp.srcport"),
            innermost(row, "ip.dst", "ipv6.dst"), innermost(row, "tcp.dstport", "udp.dstport"))


def theirs(path, keys):
    command = ["tshark", "-r", path, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y",
               "(tls or dtls or quic) and not openvpn", "-T", "fields", "-E", "occurrence=a"]
    if keys:
        command += ["-o", "tls.keylog_file:" + keys]
    frames, hellos = {}, {}
    for line in lines(command + [w for f in FIELDS for w in ("-e", f)]):
        row = dict(zip(FIELDS, line.split("\t") + [""] * len(FIELDS)))
        types = values(row, "handshake.type")
        # tshark gives a type to each fragment of a DTLS message, we to the frame that completes it
        labels = [MESSAGES[t] for t in types if t in MESSAGES and not row["dtls.handshake.type"]]
        labels += ["alert " + a for a in values(row, "alert_message.desc")]
        if labels:
            frames[int(row["frame.number"])] = sorted(labels)
        if "1" in types:
            hellos.setdefault(tuple_of(row), []).append(
                {"sni": row["tls.handshake.extensions_server_name"] or row["dtls.handshake.extensions_server_name"],
                 "ja3": row["tls.handshake.ja3"]})
        if "2" in types and "1" not in types:
            src, sport, dst, dport = tuple_of(row)
            hellos.setdefault((dst, dport, src, sport), []).append(
                {"ja3s": row["tls.handshake.ja3s"], "cipher": values(row, "handshake.ciphersuite")})
    return frames, hellos


def label_of(text):
    text = re.sub(r" \(.*", "", text.replace("HelloRetryRequest", "ServerHello"))
    alert = re.match(r"alert \d+", text)
    return alert.group(0) if alert else text


def ours(dump, path, keys):
    frames, records = {}, []
    for line in lines([dump] + (["-k", keys] if keys else []) + [path]):
        if line.startswith("mark\t"):
            _, frame, text = line.split("\t", 2)
            label = label_of(text)
            if label in MESSAGES.values() or re.match(r"alert \d+$", label):
                if "?" not in text:
                    frames.setdefault(int(frame), []).append(label)
        elif line:
            records.append(json.loads(line))
    return {n: sorted(labels) for n, labels in frames.items()}, records


def canonical(address):
    return ipaddress.ip_address(address).compressed


def compare_records(records, hellos):
    bad = []
    seen = {}
    for r in records:
        ends = (canonical(r["id.orig_h"]), str(r["id.orig_p"]), canonical(r["id.resp_h"]), str(r["id.resp_p"]))
        if r.get("client") == "resp":
            ends = ends[2:] + ends[:2]
        seen.setdefault(ends, []).append(r)
    for ends, list_of in seen.items():
        want = hellos.get(ends)
        if not want:
            continue
        for key, field in (("sni", "server_name"), ("ja3", "ja3"), ("ja3s", "ja3s")):
            names = {w[key].split(",")[-1] for w in want if w.get(key)}
            got = {r[field] for r in list_of if r.get(field) and not (r.get("dtls") and field != "server_name")}
            if not got <= names or (names and not got and not any(r.get("handshake_cut") for r in list_of)):
                bad.append("%s: %s %s, tshark %s" % (ends, field, sorted(got), sorted(names)))
        ciphers = {int(c, 0) for w in want for c in w.get("cipher", [])}
        got = {r["cipher"] for r in list_of if r.get("cipher")}
        if not got <= ciphers or (ciphers and not got and not any(r.get("handshake_cut") for r in list_of)):
            bad.append("%s: cipher %s, tshark %s" % (ends, got, ciphers))
    return bad


def check(dump, path, keys, verbose):
    """What only we see is right: tshark knows TLS by port, and does not look behind a gap."""
    want, hellos = theirs(path, keys)
    got, records = ours(dump, path, keys)
    bad = ["frame %d: %s, tshark %s" % (n, got.get(n, []), want[n]) for n in sorted(want) if got.get(n) != want[n]]
    bad += compare_records(records, hellos)
    for line in bad if verbose else bad[:3]:
        print("%s%s %s" % (path, " (keys)" if keys else "", line))
    return sum(len(v) for v in want.values()), len(bad)


def captures(all_of_them):
    tree = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    for pattern in ("samples/*tls*.pcap*", "samples/client-cert*.pcap", "samples/lb-ok.pcap"):
        yield from sorted(glob.glob(os.path.join(tree, pattern)))
    top = os.path.join(tree, "..", "shared")
    some = ("lab/*tls*.pcap", "lab/lb-*.pcap", "lab/license*.pcap", "lab/pcapng.pcapng", "lab/proxy-*.pcap",
            "captures/tls/*.pcap", "captures/tls/*.pcapng")
    for pattern in ("lab/*.pcap", "lab/*.pcapng", "captures/*/*.pcap", "captures/*/*.pcapng") if all_of_them else some:
        yield from sorted(glob.glob(os.path.join(top, pattern)))


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("-a", action="store_true")
    ap.add_argument("-v", action="store_true")
    ap.add_argument("files", nargs="*")
    args = ap.parse_args()
    dump = os.environ.get("TLS_DUMP", os.path.join("tests", "tls_dump"))
    files = args.files or list(captures(args.a))
    if not shutil.which("tshark") or not files:
        print("skipped: no tshark or no captures")
        return 77
    total = [0, 0]
    for path in files:
        keys = os.path.splitext(path)[0] + ".keys"
        for with_keys in [None] + ([keys] if os.path.exists(keys) else []):
            messages, differ = check(dump, path, with_keys, args.v)
            total = [total[0] + messages, total[1] + differ]
    print("%d messages of %d captures compared, %d differences" % (total[0], len(files), total[1]))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
