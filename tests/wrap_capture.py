# SPDX-License-Identifier: GPL-2.0-or-later
"""wrap_capture.py IN FOLDER: a classic pcap file of Ethernet frames, once in each encapsulation and link type, one file
each in FOLDER. Frames that one of them cannot carry (ARP in IP tunnels) are left as they are, or left out where the
link type has no place for them."""
import struct
import sys

ETHER = b"\x02\0\0\0\0\x0b\x02\0\0\0\0\x0a"
V4 = b"\x08\0"
number = 0


def ip(payload, proto):
    global number
    number += 1
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number & 0xFFFF, 0, 64, proto, 0,
                       b"\xac\x10\0\1", b"\xac\x10\0\2") + payload


def ip6(payload, proto):
    prefix = b"\x20\x01\x0d\xb8" + b"\0" * 11
    return struct.pack(">IHBB", 0x60000000, len(payload), proto, 64) + prefix + b"\1" + prefix + b"\2" + payload


def udp(payload, port):
    return struct.pack(">HHHH", 50000, port, 8 + len(payload), 0) + payload


def ether(payload, kind=V4):
    return ETHER + kind + payload


def kind(f):
    return f[12:14]


def net(f):
    return f[14:]


def vxlan(f):
    return udp(b"\x08\0\0\0\0\0\x2a\0" + f, 4789)


def gtp(f):
    return udp(b"\x34\xff" + struct.pack(">HI", len(net(f)) + 8, 7) + b"\0\1\0\x85\1\x10\1\0" + net(f), 2152)


def pppoe(f):
    return b"\x11\0\0\7" + struct.pack(">H", len(net(f)) + 2) + b"\0\x21" + net(f)


def erspan3(f, more):
    return b"\x10\0\x22\xeb\0\0\0\1\x20\x0a\0\x2a" + b"\0" * 7 + (b"\1" + b"\0" * 8 if more else b"\0") + f


def fragments(f):
    head, payload = f[14:34], f[34:]
    if kind(f) != V4 or len(payload) < 400:
        return [f]
    return [f[:14] + head[:2] + struct.pack(">H", 20 + len(payload[at:at + 400])) + head[4:6] +
            struct.pack(">H", (0x2000 if at + 400 < len(payload) else 0) | at // 8) + head[8:] + payload[at:at + 400]
            for at in range(0, len(payload), 400)]


def length_zero(f):
    return f[:16] + b"\0\0" + f[18:] if kind(f) == V4 and f[23] == 6 and len(f) > 66 else f


def wifi(f):
    return b"\x08\x01\0\0" + f[:6] + f[6:12] + f[:6] + b"\0\0\xaa\xaa\3\0\0\0" + kind(f) + net(f)


def amsdu(f):
    part = f[:12] + struct.pack(">H", len(net(f)) + 8) + b"\xaa\xaa\3\0\0\0" + kind(f) + net(f)
    return b"\x88\x01\0\0" + f[:6] + f[6:12] + f[:6] + b"\0\0\x80\0" + part + b"\0" * (-len(part) % 4)


TUNNELS = {
    "vxlan": lambda f: ether(ip(vxlan(f), 17)),
    "vxlan-over-6": lambda f: ether(ip6(vxlan(f), 17), b"\x86\xdd"),
    "geneve-options": lambda f: ether(ip(udp(b"\x03\0\x65\x58\0\0\x2a\0\1\2\1\2aaaabbbb" + f, 6081), 17)),
    "gre": lambda f: ether(ip(b"\0\0" + kind(f) + net(f), 47)),
    "gre-key": lambda f: ether(ip(b"\xb0\0" + kind(f) + b"\0\0\0\0\0\0\0\7\0\0\0\1" + net(f), 47)),
    "nvgre": lambda f: ether(ip(b"\x20\0\x65\x58\0\0\x2a\1" + f, 47)),
    "erspan1": lambda f: ether(ip(b"\0\0\x88\xbe" + f, 47)),
    "erspan2": lambda f: ether(ip(b"\x10\0\x88\xbe\0\0\0\1\x10\x0a\0\x2a\0\0\0\0" + f, 47)),
    "erspan3": lambda f: ether(ip(erspan3(f, False), 47)),
    "erspan3-more": lambda f: ether(ip(erspan3(f, True), 47)),
    "mpls-ethernet": lambda f: ETHER + b"\x88\x47\0\x02\x01\x40\0\0\0\0" + f,
    "qinq": lambda f: f[:12] + b"\x88\xa8\0\x0a\x81\0\0\x14" + f[12:],
    "vxlan-in-gre": lambda f: ether(ip(b"\0\0\x08\0" + ip(vxlan(f), 17), 47)),
    "length-zero": length_zero,
}
TUNNELS_OF_V4 = {
    "gtp-extension": lambda f: ether(ip(gtp(f), 17)),
    "ipip": lambda f: ether(ip(net(f), 4)),
    "4in6": lambda f: ether(ip6(net(f), 4), b"\x86\xdd"),
    "mpls": lambda f: ETHER + b"\x88\x47\0\x01\0\x40\0\x02\x01\x40" + net(f),
    "pppoe": lambda f: ETHER + b"\x88\x64" + pppoe(f),
    "pppoe-qinq": lambda f: ETHER + b"\x88\xa8\0\x0a\x81\0\0\x14\x88\x64" + pppoe(f),
}
LINKS = {
    "sll": (113, lambda f: b"\0\0\0\1\0\6" + f[6:12] + b"\0\0" + kind(f) + net(f)),
    "sll2": (276, lambda f: kind(f) + b"\0\0\0\0\0\2\0\1\0\6" + f[6:12] + b"\0\0" + net(f)),
    "wifi": (105, wifi),
    "radiotap": (127, lambda f: b"\0\0\x08\0\0\0\0\0" + wifi(f)),
    "radiotap-fcs": (127, lambda f: b"\0\0\x09\0\x02\0\0\0\x10" + wifi(f) + b"\1\2\3\4"),
    "radiotap-amsdu": (127, lambda f: b"\0\0\x08\0\0\0\0\0" + amsdu(f)),
}
LINKS_OF_V4 = {
    "null": (0, lambda f: b"\2\0\0\0" + net(f)),
    "loop": (108, lambda f: b"\0\0\0\2" + net(f)),
    "raw": (101, net),
    "ppp": (9, lambda f: b"\xff\x03\0\x21" + net(f)),
    "ppp-serial": (50, lambda f: b"\0\x21" + net(f)),
    "chdlc": (104, lambda f: b"\x0f\0\x08\0" + net(f)),
}

data = open(sys.argv[1], "rb").read()
frames = []
at = 24
while at + 16 <= len(data):
    seconds, fraction, size, _ = struct.unpack_from("<IIII", data, at)
    frames.append((seconds, fraction, data[at + 16:at + 16 + size]))
    at += 16 + size


def write(name, link, change):
    with open(f"{sys.argv[2]}/{name}.pcap", "wb") as out:
        out.write(data[:20] + struct.pack("<I", link))
        for seconds, fraction, frame in frames:
            for f in change(frame):
                out.write(struct.pack("<IIII", seconds, fraction, len(f), len(f)) + f)


for name, change in TUNNELS.items():
    write(name, 1, lambda f, change=change: [change(f)])
    if name.startswith(("vxlan", "gre")):
        write(name + "-fragments", 1, lambda f, change=change: fragments(change(f)))
for name, change in TUNNELS_OF_V4.items():
    write(name, 1, lambda f, change=change: [change(f) if kind(f) == V4 else f])
for name, (link, change) in LINKS.items():
    write(name, link, lambda f, change=change: [change(f)])
for name, (link, change) in LINKS_OF_V4.items():
    write(name, link, lambda f, change=change: [change(f)] if kind(f) == V4 else [])
