# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures made byte by byte, for what no packaged program does: frames with right lengths and checksums, in order of
time, as a pcap file on standard output. Addresses are text, times are seconds."""
import random
import socket
import struct
import sys

START = 1767600000  # all crafted captures begin there
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def mac_bytes(text):
    return bytes(int(part, 16) for part in text.split(":"))


class Host:
    def __init__(self, address, mac, ttl=64):
        self.address, self.mac, self.ttl, self.ip_id = address, mac, ttl, random.randrange(65536)


class Capture:
    """What was seen on one wire."""

    def __init__(self, seed=1):
        random.seed(seed)
        self.frames = []

    def frame(self, at, source_mac, target_mac, ether_type, payload):
        head = mac_bytes(target_mac) + mac_bytes(source_mac) + struct.pack("!H", ether_type)
        self.frames.append((at, len(self.frames), (head + payload).ljust(60, b"\0")))

    def ip(self, at, source, target, proto, payload):
        """payload: a function of the pseudo header, or bytes."""
        a, b = packed(source.address), packed(target.address)
        if callable(payload):
            payload = payload(a + b)
        if len(a) == 16:
            head = struct.pack("!IHBB", 6 << 28, len(payload), proto, source.ttl) + a + b
        else:
            source.ip_id = (source.ip_id + 1) & 0xFFFF
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), source.ip_id, 0x4000, source.ttl, proto, 0) + a + b
            head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        self.frame(at, source.mac, target.mac, 0x86DD if len(a) == 16 else 0x0800, head + payload)

    def udp(self, at, source, source_port, target, target_port, data):
        def datagram(ends):
            head = struct.pack("!HHHH", source_port, target_port, 8 + len(data), 0)
            pseudo = ends + struct.pack("!HH", 17, len(head) + len(data))
            return head[:6] + struct.pack("!H", checksum(pseudo + head + data) or 0xFFFF) + data

        self.ip(at, source, target, 17, datagram)

    def arp(self, at, sender, operation, target_address, target_mac="00:00:00:00:00:00", to=None):
        body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac_bytes(sender.mac) + packed(sender.address)
        body += mac_bytes(target_mac) + packed(target_address)
        self.frame(at, sender.mac, to or ("ff:ff:ff:ff:ff:ff" if operation == 1 else target_mac), 0x0806, body)

    def write(self, out=None):
        out = out or sys.stdout.buffer
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for at, _, frame in sorted(self.frames, key=lambda f: f[:2]):
            second, micro = divmod(round(at * 1000000), 1000000)
            out.write(struct.pack("<IIII", START + second, micro, len(frame), len(frame)) + frame)


class Tcp:
    """One connection, seen near the client: the server is `rtt` away."""

    def __init__(self, capture, client, client_port, server, server_port, rtt=0.012):
        self.capture, self.rtt = capture, rtt
        self.host, self.port = (client, server), (client_port, server_port)
        self.next = [random.randrange(1 << 32), random.randrange(1 << 32)]

    def segment(self, at, side, flags, data=b"", options=b""):
        ack = self.next[1 - side] if flags & ACK else 0
        head = struct.pack("!HHIIBBHHH", self.port[side], self.port[1 - side], self.next[side] & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                           (20 + len(options)) << 2, flags, 64240, 0, 0) + options

        def whole(ends):
            pseudo = ends + struct.pack("!HH", 6, len(head) + len(data))
            return head[:16] + struct.pack("!H", checksum(pseudo + head + data)) + head[18:] + data

        self.capture.ip(at, self.host[side], self.host[1 - side], 6, whole)
        self.next[side] += len(data) + (1 if flags & (SYN | FIN) else 0)

    def open(self, at):
        mss = struct.pack("!BBH", 2, 4, 1460)
        self.segment(at, 0, SYN, options=mss)
        self.segment(at + self.rtt, 1, SYN | ACK, options=mss)
        self.segment(at + self.rtt + 0.00005, 0, ACK)
        return at + self.rtt + 0.0001

    def say(self, at, side, data):
        """Sends data, which is acknowledged; gives the time when the other side has it."""
        self.segment(at, side, PSH | ACK, data)
        heard = at + (self.rtt if side == 0 else 0.00005)
        self.segment(heard, 1 - side, ACK)
        return heard

    def close(self, at, side):
        self.segment(at, side, FIN | ACK)
        heard = at + (self.rtt if side == 0 else 0.00005)
        self.segment(heard, 1 - side, FIN | ACK)
        self.segment(heard + (self.rtt if side == 1 else 0.00005), side, ACK)

    def reset(self, at, side):
        self.segment(at, side, RST | ACK)

    def refused(self, at):
        self.segment(at, 0, SYN, options=struct.pack("!BBH", 2, 4, 1460))
        self.segment(at + self.rtt, 1, RST | ACK)
