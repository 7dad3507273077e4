#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A listener that never calls accept: its queue fills.

usage: never_accepts.py PORT BACKLOG"""
import signal
import socket
import sys

with socket.create_server(("", int(sys.argv[1])), backlog=int(sys.argv[2])):
    signal.pause()
