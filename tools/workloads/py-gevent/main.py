# SPDX-License-Identifier: GPL-2.0-only
#
# One task: a gevent greenlet (a C stack that is copied away while it waits) in
# gevent.sleep; main joins all. They start when main first waits, so the last
# one to count itself says that all are there.
import sys

import gevent

numbers = [a for a in sys.argv[1:] if a != "--after"]
stay = len(numbers) < len(sys.argv) - 1
if (not 1 <= len(numbers) <= 2
        or not all(a.isascii() and a.isdigit() and len(a) <= 9
                   for a in numbers)
        or int(numbers[0]) > 10**8):
    print("usage: main.py N [SECONDS] [--after], N up to 10^8",
          file=sys.stderr)
    sys.exit(2)
n, seconds = int(numbers[0]), int((numbers + ["10"])[1])

parked = 0


def task():
    global parked
    parked += 1
    if parked == n:
        print("ready", n, flush=True)
    gevent.sleep(seconds)


def run_all():
    gevent.joinall([gevent.spawn(task) for _ in range(n)])


if n == 0:
    print("ready 0", flush=True)
    gevent.sleep(seconds)
run_all()
if stay:
    print("after", n, flush=True)
    while True:
        gevent.sleep(3600)
