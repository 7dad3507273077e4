#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that try to act where they are shown: HTML, script, terminal escapes, bidi controls, spreadsheet formulas.

hostile.py serve            FTP on 21, HTTP on 80, DNS on 53: every text that it sends is hostile
hostile.py ask ADDRESS      asks them, with hostile names
"""
import socket
import sys
import threading
import time

HTML = b'<img src=x onerror=alert(1)>'
SCRIPT = b'"><script>alert(2)</script>'
ESCAPES = b'\x1b[31m\x1b]0;owned\x07\x9b2J'
BIDI = '\u202egpj.exe\u2066\u200f'.encode()
FORMULA = b'=HYPERLINK("http://x.example/","ok")'
MARKDOWN = b'[click](javascript:alert(3)) `x` | y |'


def ftp(sock):
    sock.sendall(b"220 " + HTML + ESCAPES + BIDI + b"\r\n")
    while sock.recv(1000).startswith(b"USER"):
        sock.sendall(b"331 " + MARKDOWN + b"\r\n")
        sock.recv(1000)
        sock.sendall(b"530 " + SCRIPT + ESCAPES + b"\r\n")
    sock.close()


def http(sock):
    sock.recv(4000)
    body = HTML + SCRIPT
    sock.sendall(b"HTTP/1.1 503 " + MARKDOWN + b"\r\nServer: " + FORMULA + ESCAPES + BIDI + b"\r\nContent-Type: " + HTML +
                 b"\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    sock.close()


def dns(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", port))
    while True:
        question, asker = sock.recvfrom(2000)
        sock.sendto(question[:2] + b"\x81\x82" + question[4:], asker)  # SERVFAIL


def listen(port, talk):
    with socket.create_server(("", port)) as server:
        while True:
            sock, _ = server.accept()
            threading.Thread(target=talk, args=(sock,), daemon=True).start()


def serve():
    threading.Thread(target=listen, args=(21, ftp), daemon=True).start()
    threading.Thread(target=dns, args=(53,), daemon=True).start()
    listen(80, http)


def ask_ftp(address):
    with socket.create_connection((address, 21)) as sock:
        sock.recv(1000)
        for _ in range(2):
            sock.sendall(b"USER " + FORMULA + ESCAPES + b"\r\n")
            sock.recv(1000)
            sock.sendall(b"PASS x\r\n")
            sock.recv(1000)


def ask_http(address, host):
    with socket.create_connection((address, 80)) as sock:
        sock.sendall(b"GET /" + HTML.replace(b" ", b"/") + BIDI + b" HTTP/1.1\r\nHost: " + host + b"\r\nUser-Agent: " +
                     SCRIPT + ESCAPES + b"\r\n\r\n")
        while sock.recv(4000):
            pass


def ask_dns(address, name):
    labels = b"".join(bytes([len(part)]) + part for part in name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1", (address, 53))
        sock.recv(2000)


def ask(address):
    for host in (SCRIPT, FORMULA, BIDI + ESCAPES, MARKDOWN, SCRIPT, SCRIPT):
        ask_http(address, host)
        time.sleep(0.1)
    ask_ftp(address)
    for _ in range(3):
        ask_dns(address, (HTML, SCRIPT, ESCAPES + BIDI))


if sys.argv[1:] == ["serve"]:
    serve()
else:
    ask(sys.argv[2])
