#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A TLS server that answers the ClientHello and resets instead of going on: a worker that dies in the handshake.

usage: tls_cut.py PORT SECONDS CERTIFICATE KEY"""
import socket
import ssl
import struct
import sys
import threading
import time


def cut(connection, seconds, context):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(connection.recv(65536))
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    connection.sendall(outgoing.read())
    connection.recv(65536, socket.MSG_PEEK)
    connection.recv(65536)
    time.sleep(seconds)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def main():
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    with socket.create_server(("", port)) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=cut, args=(connection, seconds, context), daemon=True).start()


main()
