# SPDX-License-Identifier: GPL-2.0-or-later
"""What two nodes of tinc 1.1 put on the wire (protocol 17.7; Debian 12 has only tinc 1.0): ID lines, SPTPS records with
their lengths and types, datagrams with node ids and numbers. What tinc encrypts are random bytes here."""
import hashlib
import os
import random
import struct

from craft import Tcp

PORT = 655
HANDSHAKE = 128


def node_id(name):
    return hashlib.sha512(name.encode()).digest()[:6]


def noise(n):
    return random.randbytes(n)


def record(kind, payload):
    """A record in clear: the first two of each direction."""
    return struct.pack("!HB", len(payload), kind) + payload


def sealed(length):
    """An encrypted one: the length is in clear; type, payload and tag are not."""
    return struct.pack("!H", length) + noise(length + 17)


def kex():
    return record(HANDSHAKE, b"\0" + noise(64))


def sig():
    return record(HANDSHAKE, noise(64))


def id_line(name):
    return b"0 %s 17.7\n" % name.encode()


class Meta:
    """The meta connection between two named nodes."""

    def __init__(self, capture, hosts, names, port, server_port=PORT):
        self.tcp = Tcp(capture, hosts[0], port, hosts[1], server_port)
        self.names = names

    def greet(self, at):
        """ID lines and KEX records; gives the time after them."""
        at = self.tcp.open(at)
        at = self.tcp.say(at, 0, id_line(self.names[0]))
        at = self.tcp.say(at + 0.0002, 1, id_line(self.names[1]) + kex())
        return self.tcp.say(at + 0.0003, 0, kex()) + 0.0001

    def establish(self, at):
        """The whole handshake, and what both tell each other about their networks."""
        at = self.greet(at)
        at = self.tcp.say(at - self.tcp.rtt, 0, sig())
        at = self.tcp.say(at + 0.0004, 1, sig() + sealed(21))
        at = self.tcp.say(at + 0.0004, 0, sealed(21) + sealed(47))
        return self.tcp.say(at + 0.0004, 1, sealed(47)) + 0.001

    def request(self, at, side, length):
        return self.tcp.say(at, side, sealed(length))

    def new_session(self, at, side):
        """REQ_KEY with KEX, the answer's KEX and SIG, and the SIG of the first."""
        n = len(self.names[0]) + len(self.names[1])
        at = self.request(at, side, 103 + n) + 0.0005
        at = self.request(at, 1 - side, 111 + n) + 0.0005
        at = self.request(at, side, 109 + n) + 0.0005
        return self.request(at, 1 - side, 109 + n) + 0.0005

    def renewal(self, at, side):
        n = len(self.names[0]) + len(self.names[1])
        for length in (132, 131, 45):
            at = self.request(at, side, length + n) + 0.0005
            at = self.request(at, 1 - side, length + n) + 0.0005
        return at

    def ping(self, at, side):
        at = self.request(at, side, 2)
        return self.request(at + 0.0003, 1 - side, 2)


class Datagrams:
    """Packets between two nodes over UDP; each direction counts its own numbers up from 2."""

    def __init__(self, capture, hosts, names, rtt=0.012, port=PORT):
        self.capture, self.hosts, self.names, self.rtt, self.port = capture, hosts, names, rtt, port
        self.number = [2, 2]

    def begin_again(self, side):
        self.number[side] = 2

    def packet(self, at, side, number, size=98):
        body = bytes(6) + node_id(self.names[side]) + struct.pack("!I", number) + noise(size + 17)
        self.capture.udp(at, self.hosts[side], self.port, self.hosts[1 - side], self.port, body)

    def send(self, at, side, size=98):
        self.packet(at, side, self.number[side], size)
        self.number[side] += 1

    def talk(self, begin, end, step=0.5, sides=(0, 1)):
        """An echo each `step` seconds, sent by one side and answered by the other."""
        while begin < end:
            for i, side in enumerate(sides):
                self.send(begin + i * self.rtt, side)
            begin += step
