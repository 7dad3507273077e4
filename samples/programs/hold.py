#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One end of a connection that stays open: as a server it echoes, as a client it says a line every so many seconds.

usage: hold.py server PORT
       hold.py client ADDRESS PORT SECONDS..."""
import socket
import sys
import threading
import time


def echo(connection):
    while data := connection.recv(4096):
        connection.sendall(data)


def serve(port):
    with socket.create_server(("", port)) as listener:
        while True:
            threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()


def talk(address, port, pauses):
    with socket.create_connection((address, port)) as s:
        for pause in pauses:
            time.sleep(pause)
            s.sendall(b"status?\n")
            if not s.recv(4096):
                return


if sys.argv[1] == "server":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], int(sys.argv[3]), [float(s) for s in sys.argv[4:]])
