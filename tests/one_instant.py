# SPDX-License-Identifier: GPL-2.0-or-later
"""one_instant.py IN OUT STEP: a classic pcap file with the times of its packets rounded down to steps of STEP seconds,
so that many of them fall on one instant."""
import struct
import sys

data = bytearray(open(sys.argv[1], "rb").read())
step = int(sys.argv[3])
order = "<" if data[0] in (0xD4, 0x4D) else ">"
at = 24
while at + 16 <= len(data):
    seconds, _, captured, _ = struct.unpack_from(order + "IIII", data, at)
    struct.pack_into(order + "II", data, at, seconds - seconds % step, 0)
    at += 16 + captured
open(sys.argv[2], "wb").write(data)
