#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: tinc_stories.py STORY >CAPTURE

Two nodes of tinc 1.1 in trouble. Byte-made: see tinc_craft.py."""
import sys

from craft import ACK, PSH, Capture, Host, Tcp
from tinc_craft import HANDSHAKE, PORT, Datagrams, Meta, id_line, kex, noise, record, sealed

NAMES = ("oslo", "bergen")
CAPTURE = Capture()
HOSTS = (Host("192.0.2.10", "00:1a:a0:6b:11:0a"), Host("198.51.100.20", "00:50:56:8a:22:14", 61))


def working_pair():
    """A tunnel that has just come up; its control connection and its datagrams."""
    meta = Meta(CAPTURE, HOSTS, NAMES, 41000)
    meta.new_session(meta.establish(0) + 2, 0)
    return meta, Datagrams(CAPTURE, HOSTS, NAMES)


def key_stale():
    """bergen begins a new session; oslo goes on with the numbers and the key of the one before."""
    meta, datagrams = working_pair()
    datagrams.talk(2.5, 20)
    meta.new_session(20.2, 1)
    datagrams.begin_again(1)
    datagrams.talk(20.6, 40)


def meta_broken():
    """oslo's PING gets no answer any more: it gives the connection up after 5 s and makes a new one at once."""
    meta, datagrams = working_pair()
    datagrams.talk(2.5, 75, 1)
    meta.ping(60, 0)
    before, ping = meta.tcp.next[0], sealed(2)
    for wait in (0, 0.3, 0.9, 2.1, 4.5):
        meta.tcp.next[0] = before
        meta.tcp.segment(70 + wait, 0, PSH | ACK, ping)
    meta.tcp.segment(75.2, 0, 1 | ACK)
    again = Meta(CAPTURE, HOSTS, NAMES, 41005)
    at = again.establish(75.3)
    again.new_session(at + 1, 0)
    datagrams.begin_again(0)
    datagrams.begin_again(1)
    datagrams.talk(at + 1.2, 100, 1)


def reordering():
    """Every sixth datagram of oslo is overtaken by the next one."""
    _, datagrams = working_pair()
    at, number = 3, 2
    while at < 23:
        swap = 1 if number % 6 == 0 else -1 if number % 6 == 1 else 0
        datagrams.packet(at, 0, number + swap)
        datagrams.packet(at + 0.012, 1, number)
        at, number = at + 0.1, number + 1


def bad_kex():
    """bergen's KEX record is one byte too long; oslo closes and tries again after 5, 10 and 15 s."""
    at = 0
    for i in range(4):
        tcp = Tcp(CAPTURE, HOSTS[0], 41000 + i, HOSTS[1], PORT)
        heard = tcp.say(tcp.open(at), 0, id_line(NAMES[0]))
        heard = tcp.say(heard + 0.0002, 1, id_line(NAMES[1]) + record(HANDSHAKE, b"\0" + noise(65)))
        tcp.close(tcp.say(heard, 0, kex()) + 0.0002, 0)
        at += 5 * (i + 1)


def renewal_stuck():
    """oslo begins to renew the key, bergen's KEX never comes; 36 s later bergen begins a new session."""
    meta, datagrams = working_pair()
    datagrams.talk(2.5, 60)
    meta.renewal(12, 0)
    meta.request(24, 0, 132 + len("".join(NAMES)))
    meta.ping(30, 0)
    meta.new_session(60.5, 1)
    datagrams.begin_again(0)
    datagrams.begin_again(1)
    datagrams.talk(61, 70)


STORIES = {f.__name__.replace("_", "-"): f for f in (key_stale, meta_broken, reordering, bad_kex, renewal_stuck)}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in STORIES:
        sys.exit("usage: tinc_stories.py %s" % "|".join(STORIES))
    STORIES[sys.argv[1]]()
    CAPTURE.write()


main()
