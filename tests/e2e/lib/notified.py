#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""notified.py SOCKET: a service manager's socket; prints what it is told."""
import socket
import sys

s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(65536).decode(), flush=True)
