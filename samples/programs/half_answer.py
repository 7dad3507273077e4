#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An HTTP server that promises a file and takes its time with it.

usage: half_answer.py PORT PROMISED SENT [SECONDS]

It answers each request with the first SENT of PROMISED bytes. With SECONDS they are spread over that time. Then it says
nothing more and waits for the client's end."""
import socket
import sys
import threading
import time

PIECE = 4000


def request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        if not more:
            return False
        data += more
    return True


def send(connection, count, seconds):
    for start in range(0, count, PIECE):
        connection.sendall(b"." * min(PIECE, count - start))
        if seconds:
            time.sleep(seconds * PIECE / count)


def answer(connection, promised, sent, seconds):
    try:
        with connection:
            while request(connection):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: %d\r\n\r\n" % promised)
                send(connection, sent, seconds)
    except OSError:
        pass


def main():
    port, promised, sent = (int(n) for n in sys.argv[1:4])
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 0
    with socket.create_server(("", port), backlog=64) as listener:
        while True:
            connection = listener.accept()[0]
            threading.Thread(target=answer, args=(connection, promised, sent, seconds), daemon=True).start()


main()
