#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A listener that takes a TLS client's ClientHello, waits and resets: what a load balancer without a server behind does.

usage: tls_reset.py PORT SECONDS [fin]
With "fin" it closes instead."""
import socket
import struct
import sys
import threading
import time


def end_later(connection, seconds, reset):
    connection.recv(65536)
    time.sleep(seconds)
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def main():
    port, seconds, reset = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:] != ["fin"]
    with socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=end_later, args=(connection, seconds, reset), daemon=True).start()


main()
