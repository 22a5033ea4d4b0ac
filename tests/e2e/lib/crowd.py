#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""crowd.py PORT ask|hold: many clients of an agent that want all that it has.

ask   they ask and ask, until five ticks have passed: most of these must come in time
hold  they ask and do not read; prints how many were answered, and waits to be ended
"""
import re
import signal
import socket
import sys
import threading

PORT = int(sys.argv[1])
CLIENTS = 40
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
enough = threading.Event()


def connect(i, receive=None):
    """From several addresses: each may have a part of all connections."""
    s = socket.socket()
    if receive:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    s.settimeout(60)
    s.bind((f"127.0.0.{1 + i % 4}", 0))
    s.connect(("127.0.0.1", PORT))
    return s


def ticks():
    """All ticks, and those that came late."""
    with connect(3) as s:
        s.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        got = b"".join(iter(lambda: s.recv(1 << 20), b""))
    return [int(re.search(rb"^tare_agent_ticks%s_total (\d+)$" % which, got, re.M)[1])
            for which in (b"", b"_late")]


def one_asks(i):
    while not enough.is_set():
        try:
            with connect(i % 3) as s:
                while not enough.is_set():
                    s.sendall(REQUEST * 20)
                    if not s.recv(1 << 20):
                        break
        except OSError:  # it was refused, or closed
            pass


def ask():
    first = now = ticks()
    threads = [threading.Thread(target=one_asks, args=(i,)) for i in range(CLIENTS)]
    for t in threads:
        t.start()
    try:
        while now[0] < first[0] + 5:
            now = ticks()
    finally:
        enough.set()
        for t in threads:
            t.join()
    came, late = now[0] - first[0], now[1] - first[1]
    if late > came:
        sys.exit(f"{came} ticks came, {late} came late or not at all")


def hold():
    held = [connect(i, 2048) for i in range(60)]
    for s in held:
        s.sendall(REQUEST)
    print(sum(s.recv(12).endswith(b"200") for s in held), flush=True)
    signal.pause()


globals()[sys.argv[2]]()
