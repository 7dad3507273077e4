#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: openvpn_moved.py >CAPTURE

A client of OpenVPN whose data nobody answers any more, until it begins anew from another port. Byte-made."""
import struct

from craft import Capture, Host

PORT = 1194
CONTROL, HARD_RESET_CLIENT, HARD_RESET_SERVER, DATA = 4 << 3, 7 << 3, 8 << 3, 9 << 3  # opcodes, key 0
CAPTURE = Capture()
CLIENT, SERVER = Host("192.0.2.10", "00:1a:a0:6b:11:0a"), Host("198.51.100.20", "00:50:56:8a:22:14", 61)


def session(begin, port, name, sends_alone):
    """A session that comes up and carries data; then that many packets without an answer."""
    ids = [bytes(range(first, first + 8)) for first in (0x10 + name, 0x50 + name)]

    def up(at, data):
        CAPTURE.udp(begin + at, CLIENT, port, SERVER, PORT, data)

    def down(at, data):
        CAPTURE.udp(begin + at, SERVER, PORT, CLIENT, port, data)

    number = [struct.pack("!I", n) for n in range(64)]
    up(0, bytes([HARD_RESET_CLIENT]) + ids[0] + b"\0" + number[0])
    down(0.02, bytes([HARD_RESET_SERVER]) + ids[1] + b"\1" + number[0] + ids[0] + number[0])
    up(0.03, bytes([CONTROL]) + ids[0] + b"\1" + number[0] + ids[1] + number[1] + b"\x16\3\1\0\x10" + b"c" * 16)
    down(0.05, bytes([CONTROL]) + ids[1] + b"\0" + number[1] + b"\x16\3\3\0\x10" + b"s" * 16)
    for i in range(5):
        up(0.1 + i / 10, bytes([DATA]) + b"\0\0\0" + number[i + 1] + b"u" * 60)
        down(0.12 + i / 10, bytes([DATA]) + b"\0\0\0" + number[i + 1] + b"d" * 60)
    for i in range(sends_alone):
        up(1 + i, bytes([DATA]) + b"\0\0\0" + number[i + 10] + b"u" * 60)


session(0, 40001, 0, 12)
session(20, 40002, 9, 0)
CAPTURE.write()
