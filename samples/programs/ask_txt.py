#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a name server with a large EDNS buffer: small names (A) and big ones (TXT), one after the other.

usage: ask_txt.py SERVER NAME:TYPE..."""
import socket
import struct
import sys


def question(number, name, kind):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"
    return (struct.pack(">6H", number, 0x100, 1, 0, 0, 1) + labels + struct.pack(">HH", kind, 1)
            + b"\0" + struct.pack(">HHIH", 41, 4096, 0, 0))


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(2)
    for number, word in enumerate(sys.argv[2:], 1):
        name, kind = word.split(":")
        s.sendto(question(number, name, int(kind)), (sys.argv[1], 53))
        try:
            s.recv(9000)
        except TimeoutError:
            pass
