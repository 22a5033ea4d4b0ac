#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""rude_http.py PORT WHAT: a client that breaks HTTP. Fails if the server does not refuse."""
import socket
import sys
import time

PORT = int(sys.argv[1])
GOOD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
SENT = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00 \xff\xfe\r\n\r\n",
    "huge_line": b"GET /" + b"x" * 1000000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "huge_header": GOOD + b"X: " + b"x" * 1000000 + b"\r\n\r\n",
    "many_headers": GOOD + b"".join(b"X%d: y\r\n" % i for i in range(100000)) + b"\r\n",
    "nul": b"GET /heal\0thz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bare_cr": b"GET /healthz\rX HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no_host": b"GET /healthz HTTP/1.1\r\n\r\n",
}


def connect():
    return socket.create_connection(("127.0.0.1", PORT), timeout=90)


def answer(s):
    """All that the server sends until it closes."""
    got = b""
    try:
        while part := s.recv(65536):
            got += part
    except ConnectionError:
        pass
    return got


def refused(data):
    with connect() as s:
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        except OSError:  # it was closed already
            pass
        got = answer(s)
    status = got.split(b" ")[1] if b" " in got else b"none"
    if status not in (b"none", b"400", b"413", b"414", b"431", b"494", b"404"):
        sys.exit(f"{sys.argv[2]}: {got[:200]!r}")


def half():
    """A client that leaves in the middle of a request."""
    with connect() as s:
        s.sendall(GOOD[:20])


def slow():
    """A byte every now and then: the server ends it, whatever is sent."""
    with connect() as s:
        s.settimeout(1)
        s.sendall(GOOD)
        for _ in range(80):
            try:
                s.sendall(b"X")
                if not s.recv(100):
                    return
            except TimeoutError:
                time.sleep(0)
            except ConnectionError:
                return
    sys.exit("a slow client is never refused")


def crowd():
    """More connections than are allowed: those beyond are closed at once."""
    held = [connect() for _ in range(100)]
    closed = 0
    for s in held:
        s.settimeout(0.05)
        try:
            closed += s.recv(1) == b""
        except TimeoutError:
            pass
        except ConnectionError:
            closed += 1
    for s in held:
        s.close()
    if not closed:
        sys.exit("100 connections at once")


WHAT = sys.argv[2]
if WHAT in SENT:
    refused(SENT[WHAT])
else:
    globals()[WHAT]()
