#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends packets that no sound program sends, as headers contradict themselves: an IP header of 16 bytes, an IP total
length below its header, a TCP header of 8 bytes, a UDP length beyond the packet.

usage: bad_headers.py INTERFACE"""
import socket
import struct
import sys
import time

SOURCE, TARGET = socket.inet_aton("192.0.2.66"), socket.inet_aton("192.0.2.10")
ETHERNET = bytes.fromhex("001aa06b110a" "0025903c71e2" "0800")


def ip(protocol, payload, first=0x45, length=None):
    length = 20 + len(payload) if length is None else length
    header = struct.pack("!BBHHHBBH4s4s", first, 0, length, 7, 0, 64, protocol, 0, SOURCE, TARGET)
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xffff) + (total >> 16)
    return header[:10] + struct.pack("!H", 0xffff - total) + header[12:] + payload


def tcp(offset):
    return struct.pack("!HHIIBBHHH", 40000, 80, 1000, 0, offset << 4, 2, 64240, 0, 0)


def udp(length):
    return struct.pack("!HHHH", 40000, 9999, length, 0) + b"data"


def main():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((sys.argv[1], 0))
    for packet in (ip(6, tcp(5), first=0x44), ip(6, tcp(5), length=12), ip(6, tcp(2)), ip(17, udp(400))):
        s.send((ETHERNET + packet).ljust(60, b"\0"))
        time.sleep(0.02)


main()
