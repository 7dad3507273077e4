#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""talk_seeds.py FOLDER PCAP...: the TCP conversations of small captures (pcap, Ethernet, IPv4) in the steps of
fuzz_talk.h, behind transport and port as fuzz_session reads them. Segments are taken as they come, each place once."""
import os
import re
import struct
import sys

STEP_SIDE, STEP_END, STEP_LONG = 0x01, 0x04, 0x10
SEED_MAX, FIRST_FRAMES = 16000, 2000


def segments(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    for _ in range(FIRST_FRAMES):
        if at + 16 > len(data):
            return
        caplen = struct.unpack_from(order + "I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + caplen]
        at += 16 + caplen
        if frame[12:14] != b"\x08\x00" or len(frame) < 54 or frame[23] != 6:
            continue
        tcp = 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack_from("!H", frame, 16)[0]
        sport, dport, seq = struct.unpack_from("!HHI", frame, tcp)
        payload = frame[tcp + (frame[tcp + 12] >> 4) * 4:end]
        yield (frame[26:30], sport), (frame[30:34], dport), seq, frame[tcp + 13], payload


def step(what, payload):
    """A length is one byte; with STEP_LONG it counts sixteens."""
    out = b""
    while payload:
        n = len(payload) if len(payload) < 256 else min(len(payload) // 16, 255) * 16
        long = STEP_LONG if n > 255 else 0
        out += bytes([what | long, n // 16 if long else n]) + payload[:n]
        payload = payload[n:]
    return out


def records(side):
    """Segments of TLS application data such as a long transfer has, but small; records go on in the next segment."""
    stream = b"".join(b"\x17\x03\x03" + struct.pack("!H", 900 + i) + bytes(900 + i) for i in range(4))
    return b"".join(step(side, stream[at:at + 800]) for at in range(0, len(stream), 800))


def conversations(data):
    found = {}
    for src, dst, seq, flags, payload in segments(data):
        key = (src, dst) if (src, dst) in found else (dst, src)
        if flags & 0x12 == 0x02 and (src, dst) not in found:
            key = (src, dst)
            found[key] = {"next": {}, "steps": b"", "port": dst[1]}
        talk = found.get(key)
        if talk is None:
            continue
        due = talk["next"].get(src)
        if flags & 2:
            talk["next"][src] = (seq + 1) & 0xffffffff
        elif due == seq and len(talk["steps"]) < SEED_MAX:
            side = STEP_SIDE if src == key[1] else 0
            talk["tls"] = talk.get("tls") or payload[:2] == b"\x16\x03"
            talk["steps"] += step(side, payload)
            if flags & 1:
                talk["steps"] += (records(side) if talk["tls"] else b"") + bytes([side | STEP_END, 0])
            talk["next"][src] = (seq + len(payload)) & 0xffffffff
    return found.values()


def ports():
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fuzz_session.c")
    with open(source, encoding="utf-8") as file:
        table = re.search(r"ports\[\] = \{(.*?)\}", file.read(), re.S).group(1)
    return [int(port) for port in re.findall(r"\d+", table)]


def main():
    folder, known = sys.argv[1], ports()
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            talks = [talk for talk in conversations(file.read()) if talk["steps"]]
        for number, talk in enumerate(talks[:3]):
            port = known.index(talk["port"] if talk["port"] in known else 9999)
            with open(os.path.join(folder, "%s-%d" % (os.path.basename(path), number)), "wb") as file:
                file.write(bytes([0, port]) + talk["steps"])


main()
