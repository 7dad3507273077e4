#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A TLS server that accepts, handshakes and answers in one loop: a silent client blocks all others.

usage: tls_one_by_one.py PORT CERTIFICATE KEY"""
import socket
import ssl
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlicensed\n"


def answer(connection, context):
    try:
        with context.wrap_socket(connection, server_side=True) as tls:
            while tls.recv(4096):
                tls.sendall(ANSWER)
    except OSError:
        connection.close()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    with socket.create_server(("", int(sys.argv[1])), backlog=64) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            answer(listener.accept()[0], context)


main()
