#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A wire of some length: passes frames between two interfaces, each frame that many milliseconds later.

usage: wire.py ONE OTHER MILLISECONDS [lose=N] [double=N] [damage=N]

Each N-th frame that carries more than 1000 bytes, in both directions together, is lost, passed on twice, or has a byte
of its payload changed under the old checksum."""
import collections
import select
import socket
import sys
import time

PAYLOAD = 200  # a byte behind all headers


class Direction:
    def __init__(self, into, out):
        self.into, self.out, self.waiting = into, out, collections.deque()


class Faults:
    def __init__(self, words):
        self.every = {name: int(nth) for name, nth in (w.split("=") for w in words)}
        self.count = 0

    def apply(self, frame):
        """What comes out of the wire for a frame that goes in."""
        if len(frame) <= 1000:
            return [frame]
        self.count += 1
        due = {name for name, nth in self.every.items() if self.count % nth == 0}
        if "lose" in due:
            return []
        if "damage" in due:
            frame = frame[:PAYLOAD] + bytes([frame[PAYLOAD] ^ 0x10]) + frame[PAYLOAD + 1:]
        return [frame] * (2 if "double" in due else 1)


def packet_socket(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((interface, 0))
    # Promiscuous: the frames are for the hosts at the ends (SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC).
    s.setsockopt(263, 1, socket.if_nametoindex(interface).to_bytes(4, sys.byteorder) + bytes([1, 0]) + bytes(10))
    return s


def receive(direction, delay, faults):
    frame, where = direction.into.recvfrom(65536)
    if where[2] == socket.PACKET_OUTGOING:
        return
    for out in faults.apply(frame):
        direction.waiting.append((time.monotonic() + delay, out))


def send_due(direction, now):
    while direction.waiting and direction.waiting[0][0] <= now:
        direction.out.send(direction.waiting.popleft()[1])


def main():
    one, other = packet_socket(sys.argv[1]), packet_socket(sys.argv[2])
    delay, faults = float(sys.argv[3]) / 1000, Faults(sys.argv[4:])
    directions = {one: Direction(one, other), other: Direction(other, one)}
    while True:
        due = [d.waiting[0][0] for d in directions.values() if d.waiting]
        wait = max(0, min(due) - time.monotonic()) if due else None
        for s in select.select(list(directions), [], [], wait)[0]:
            receive(directions[s], delay, faults)
        for direction in directions.values():
            send_due(direction, time.monotonic())


main()
