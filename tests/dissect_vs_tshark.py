#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what the DNS, HTTP, FTP and DHCP dissectors tell with tshark: questions and answers by code, requests and
answers by status, commands and replies by code, messages.

usage: dissect_vs_tshark.py [FILE...]

Without files: captures in ../shared beside the source tree that hold these protocols and no losses (tshark gives up
an HTTP body with a hole, so it counts less there). The program is $PCAPDX or ./pcapdx."""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

USUAL = ["lab/dns-search-ok.pcap", "lab/dns-servfail-one.pcap", "lab/dns-slow-client.pcap", "lab/dhcp-nak.pcap",
         "lab/ftp-pasv-blocked.pcap", "lab/http-keepalive-ok.pcap", "lab/http-to-tls.pcap", "lab/proxy-407.pcap",
         "lab/proxy-502.pcap", "lab/office-branch-healthy.pcap", "captures/dns/bad-dns-traffic.pcap",
         "captures/dns/dhcp-and-dyndns.pcap", "captures/dns/dns_fragmented.pcap", "captures/dns/dns_lab.pcapng",
         "captures/dns/dns_query_nonexistent.pcapng", "captures/dns/stranded_branchdns.pcapng",
         "captures/clean/http_post.pcapng", "captures/clean/http_google.pcapng",
         "captures/ftp/HEYFE0002_CPE_FTP1MEGdownload_Mirrored.pcap", "captures/ftp/ftp-auth-tls.pcap",
         "captures/tunnels/Teredo.pcap"]
FILTER = ("(dns and not mdns and not llmnr and not icmp and not icmpv6 and dns.flags.opcode == 0) or "
          "(http and not ssdp) or ftp or dhcp or (dhcpv6 and not icmpv6)")
FIELDS = ["dns.flags.response", "dns.flags.rcode", "dns.retransmit_response", "http.response.code",
          "http.request.method", "ftp.response.code", "ftp.request.command", "dhcp.option.dhcp", "dhcpv6.msgtype"]


def ours(path):
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as out:
        subprocess.run([os.environ.get("PCAPDX", "./pcapdx"), "-q", "--records", out.name, path], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(out.name, encoding="utf-8") as written:  # another file of that name by now
            records = [json.loads(line) for line in written]
    told = collections.Counter()
    for r in records:
        if r["kind"] == "dns" and not r.get("mdns"):
            told["dns questions"] += r.get("tries", 0)
            if r.get("answered"):
                told["dns answers %d" % r.get("rcode", 0)] += 1
        elif r["kind"] == "http":
            told["http " + r["method"]] += 1 if r.get("method") else 0
            told["http %d" % r.get("status_code", 0)] += 1 if r.get("status_code") else 0
        elif r["kind"] == "ftp":
            told["ftp commands"] += 1 if r.get("command") else 0
            told["ftp %d" % r.get("reply_code", 0)] += 1 if r.get("reply_code") else 0
        elif r["kind"] == "dhcp":
            told["dhcp messages"] += 1
    return +told


def theirs(path):
    command = ["tshark", "-r", path, "-Y", FILTER, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"]
    got = subprocess.run(command + [w for f in FIELDS for w in ("-e", f)], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False)
    told = collections.Counter()
    for line in got.stdout.decode("utf-8", "replace").split("\n"):
        row = dict(zip(FIELDS, line.split("\t") + [""] * len(FIELDS)))
        parts = {f: [v for v in row[f].split("|") if v] for f in FIELDS}
        told["dns questions"] += sum(v in ("0", "False") for v in parts["dns.flags.response"])
        if not row["dns.retransmit_response"]:  # we tell a second answer once
            told.update("dns answers " + v for v in parts["dns.flags.rcode"])
        told.update("http " + v for v in parts["http.response.code"] if int(v) >= 200)
        told.update("http " + v for v in parts["http.request.method"])
        # its first line of a multi-line reply is a reply too; greetings and 1xx answer no command
        told.update({"ftp " + v for v in parts["ftp.response.code"] if int(v) >= 200 and v != "220"})
        told["ftp commands"] += len(parts["ftp.request.command"])
        told["dhcp messages"] += len(parts["dhcp.option.dhcp"]) + bool(parts["dhcpv6.msgtype"])
    return +told


def multiline(word):
    """Replies of these codes go over several frames: tshark counts more of them."""
    return word in ("ftp 211", "ftp 230", "ftp 226")


def compare(path):
    a, b = ours(path), theirs(path)
    wrong = ["%s: %s is %d here, %d in tshark" % (path, w, a[w], b[w]) for w in sorted(set(a) | set(b))
             if a[w] != b[w] and not (multiline(w) and 0 < a[w] < b[w])]
    for sentence in wrong:
        print(sentence)
    return not wrong


def main():
    files = sys.argv[1:]
    if not files:
        shared = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared")
        files = [os.path.join(shared, f) for f in USUAL if os.path.exists(os.path.join(shared, f))]
    if not shutil.which("tshark") or not files:
        return 77
    good = [compare(f) for f in files]
    print("%d captures compared, %d differ" % (len(good), good.count(False)))
    return 0 if all(good) else 1


sys.exit(main())
