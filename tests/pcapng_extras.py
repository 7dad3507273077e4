#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rewrites a classic capture as pcapng with all that pcapng can say beside frames.

    pcapng_extras.py IN.pcap OUT.pcapng BYTE_ORDER

A comment of the section, one of each fifth frame, a name for each IPv4 address of Ethernet frames, a block of a kind
that nobody knows, and the frames in turn on two interfaces: one of Ethernet in nanoseconds, one of raw IP in
microseconds counted from an offset.
"""
import struct
import sys

OFFSET_S = 1_000_000


def frames(path):
    data = open(path, "rb").read()
    unit = {b"\xd4\xc3\xb2\xa1": 1000, b"\x4d\x3c\xb2\xa1": 1}[data[:4]]
    at = 24
    while at < len(data):
        s, fraction, captured, on_wire = struct.unpack_from("<IIII", data, at)
        yield s * 10**9 + fraction * unit, on_wire, data[at + 16:at + 16 + captured]
        at += 16 + captured


def padded(b):
    return b + bytes(-len(b) % 4)


def main(source, target, order):
    def pack(format_, *values):
        return struct.pack(order + format_, *values)

    def option(code, value):
        return pack("HH", code, len(value)) + padded(value)

    def block(kind, body):
        size = pack("I", len(body) + 12)
        return pack("I", kind) + size + body + size

    out = block(0x0A0D0D0A, pack("IHHq", 0x1A2B3C4D, 1, 0, -1) + option(1, b"taken at the mirror port") + option(0, b""))
    out += block(1, pack("HHI", 1, 0, 0) + option(2, b"eth0") + option(9, b"\x09") + option(0, b""))
    out += block(1, pack("HHI", 101, 0, 0) + option(2, b"tun0") + option(14, pack("q", OFFSET_S)))
    out += block(0xBAD, b"whatever")
    addresses = set()
    for i, (ns, on_wire, data) in enumerate(frames(source), 1):
        ip = data[12:14] == b"\x08\x00"
        interface = int(ip and i % 2 == 0)
        if ip:
            addresses |= {data[26:30], data[30:34]}
        if interface:
            ns, on_wire, data = (ns - OFFSET_S * 10**9) // 1000, on_wire - 14, data[14:]
        comment = option(1, b"comment %d" % i) + option(0, b"") if i % 5 == 1 else b""
        out += block(6, pack("IIIII", interface, ns >> 32, ns & 0xFFFFFFFF, len(data), on_wire) + padded(data) + comment)
    names = b"".join(option(1, a + b"host-%d.example\0" % a[3]) for a in sorted(addresses))
    out += block(4, names + pack("I", 0))
    open(target, "wb").write(out)


main(*sys.argv[1:])
