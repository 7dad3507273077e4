#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A device between TLS clients and their server that harms what it passes on, as TCP proxies with faults do.

usage: tls_middle.py PORT SERVER SERVERPORT hold|damage up|down BYTE
"hold" passes nothing on from that byte of the stream on and keeps the connection; "damage" flips one bit of it. "up" is
from the client to the server."""
import socket
import sys
import threading


def pump(source, sink, harm, place):
    passed = 0
    while True:
        try:
            data = bytearray(source.recv(65536))
        except OSError:
            data = b""
        if not data:
            break
        here = place - passed
        passed += len(data)
        if harm == "hold" and here < len(data):
            data = data[:max(here, 0)]
        elif harm == "damage" and 0 <= here < len(data):
            data[here] ^= 0x10
        try:
            sink.sendall(data)
        except OSError:
            break
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def main():
    port, server, server_port, harm, way, place = sys.argv[1:]
    with socket.create_server(("", int(port))) as listener:
        while True:
            client, _ = listener.accept()
            onward = socket.create_connection((server, int(server_port)))
            for source, sink, direction in ((client, onward, "up"), (onward, client, "down")):
                args = (source, sink, harm if direction == way else None, int(place))
                threading.Thread(target=pump, args=args, daemon=True).start()


main()
