#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Cuts a pcap file in two after a frame.

usage: split_capture.py FILE FRAME FIRST SECOND"""
import struct
import sys


def main():
    data = open(sys.argv[1], "rb").read()
    order = "<" if data[0] in (0xD4, 0x4D) else ">"
    at = 24
    for _ in range(int(sys.argv[2])):
        at += 16 + struct.unpack_from(order + "I", data, at + 8)[0]
    open(sys.argv[3], "wb").write(data[:at])
    open(sys.argv[4], "wb").write(data[:24] + data[at:])


main()
