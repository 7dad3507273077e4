#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tries the ports of a host one by one and closes at once what opens: a plain connect scan.

usage: connect_all.py ADDRESS FIRST LAST"""
import socket
import sys
import time

for port in range(int(sys.argv[2]), int(sys.argv[3]) + 1):
    with socket.socket() as s:
        s.settimeout(1)
        s.connect_ex((sys.argv[1], port))
    time.sleep(0.02)
