#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Shifts one direction of a pcap file of Ethernet frames in time, as two taps that are out of step would: everything
that clients (or servers) send in TCP and UDP comes later, and stands where its time puts it.

usage: lag_capture.py FILE clients|servers MILLISECONDS OUT

Who sends a SYN or the first datagram is the client."""
import struct
import sys

NANO, MICRO = 0xA1B23C4D, 0xA1B2C3D4


def endpoints(frame):
    """(protocol, source, destination, TCP flags) of IPv4 or IPv6 without extension headers; None: neither."""
    at, kind = 14, frame[12:14]
    if kind == b"\x81\x00":
        at, kind = 18, frame[16:18]
    if kind == b"\x08\x00":
        protocol, addresses, above = frame[at + 9], (at + 12, at + 16, at + 20), at + 4 * (frame[at] & 15)
    elif kind == b"\x86\xdd":
        protocol, addresses, above = frame[at + 6], (at + 8, at + 24, at + 40), at + 40
    else:
        return None
    if protocol not in (6, 17) or len(frame) < above + 14:
        return None
    a, b, c = addresses
    return protocol, frame[a:b] + frame[above:above + 2], frame[b:c] + frame[above + 2:above + 4], frame[above + 13]


class Sides:
    def __init__(self):
        self.client = {}

    def is_from_client(self, ends):
        protocol, source, target, flags = ends
        key = (protocol, min(source, target), max(source, target))
        if key not in self.client or (protocol == 6 and flags & 0x12 == 2):
            self.client[key] = target if protocol == 6 and flags & 0x12 == 0x12 else source
        return self.client[key] == source


def main():
    path, who, lag_ms, out = sys.argv[1:]
    data = open(path, "rb").read()
    magic = struct.unpack_from("<I", data)[0]
    if magic not in (NANO, MICRO):
        sys.exit(3)
    unit = 1 if magic == NANO else 1000
    lag_ns, sides, frames, at = int(float(lag_ms) * 1e6), Sides(), [], 24
    while at + 16 <= len(data):
        seconds, part, stored, sent = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + stored]
        time_ns, ends = seconds * 10**9 + part * unit, endpoints(frame)
        if ends and sides.is_from_client(ends) == (who == "clients"):
            time_ns += lag_ns
        frames.append((time_ns, len(frames), stored, sent, frame))
        at += 16 + stored
    with open(out, "wb") as f:
        f.write(struct.pack("<I", NANO) + data[4:24])
        for time_ns, _, stored, sent, frame in sorted(frames):
            f.write(struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9, stored, sent) + frame)


main()
