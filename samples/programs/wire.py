#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A wire of some length: passes frames between two interfaces, each frame that many milliseconds later.

usage: wire.py ONE OTHER MILLISECONDS [LOSE-EVERY-NTH]

With a fourth argument each so many-th frame that carries more than 1000 bytes is lost, in both directions together."""
import collections
import select
import socket
import sys
import time


class Direction:
    def __init__(self, into, out):
        self.into, self.out, self.waiting = into, out, collections.deque()


def packet_socket(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((interface, 0))
    # Promiscuous: the frames are for the hosts at the ends (SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC).
    s.setsockopt(263, 1, socket.if_nametoindex(interface).to_bytes(4, sys.byteorder) + bytes([1, 0]) + bytes(10))
    return s


def receive(direction, delay, lose):
    frame, where = direction.into.recvfrom(65536)
    if where[2] == socket.PACKET_OUTGOING:
        return
    if len(frame) > 1000 and lose():
        return
    direction.waiting.append((time.monotonic() + delay, frame))


def send_due(direction, now):
    while direction.waiting and direction.waiting[0][0] <= now:
        direction.out.send(direction.waiting.popleft()[1])


def every(nth):
    count = 0

    def lose():
        nonlocal count
        count += 1
        return nth and count % nth == 0

    return lose


def main():
    one, other = packet_socket(sys.argv[1]), packet_socket(sys.argv[2])
    delay, lose = float(sys.argv[3]) / 1000, every(int(sys.argv[4]) if len(sys.argv) > 4 else 0)
    directions = {one: Direction(one, other), other: Direction(other, one)}
    while True:
        due = [d.waiting[0][0] for d in directions.values() if d.waiting]
        wait = max(0, min(due) - time.monotonic()) if due else None
        for s in select.select(list(directions), [], [], wait)[0]:
            receive(directions[s], delay, lose)
        for direction in directions.values():
            send_due(direction, time.monotonic())


main()
