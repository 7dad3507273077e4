#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mapped_capture.py FILE: writes connections between ::ffff:10.0.0.N, an IPv4 address in IPv6's clothes, and ordinary
IPv6 addresses: both directions have to be taken for one conversation."""
import socket
import struct
import sys

SYN, ACK, PSH, FIN = 2, 16, 8, 1


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def segment(src, dst, ports, seq, ack, flags, payload):
    ends = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
    head = struct.pack('>HHIIBBHHH', *ports, seq, ack, 0x50, flags, 64000, 0, 0)
    size = len(head) + len(payload)
    right = checksum(ends + struct.pack('>II', size, 6) + head + payload)
    head = head[:16] + struct.pack('>H', right) + head[18:]
    macs = bytes.fromhex('020000000001020000000002')
    return macs + b'\x86\xdd' + struct.pack('>IHBB', 0x60000000, size, 6, 64) + ends + head + payload


def connection(number):
    client, server = '::ffff:10.0.0.%d' % (number + 1), '2001:db8::%x' % (number + 7)
    ask, answer = b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    seq = [100, 500]
    for side, flags, payload in ((0, SYN, b''), (1, SYN | ACK, b''), (0, ACK, b''), (0, PSH | ACK, ask),
                                 (1, PSH | ACK, answer), (0, FIN | ACK, b''), (1, FIN | ACK, b''), (0, ACK, b'')):
        ends, ports = ((client, server), (40000 + number, 80)) if side == 0 else ((server, client), (80, 40000 + number))
        yield segment(*ends, ports, seq[side], seq[1 - side] if flags & ACK else 0, flags, payload)
        seq[side] += len(payload) + bool(flags & (SYN | FIN))


with open(sys.argv[1], 'wb') as out:
    out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    at = 0
    for number in range(40):
        for frame in connection(number):
            out.write(struct.pack('<IIII', 1700000000, at, len(frame), len(frame)) + frame)
            at += 1000
