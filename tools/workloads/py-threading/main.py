# SPDX-License-Identifier: GPL-2.0-only
#
# One task: a threading.Thread (an OS thread with its Python thread state) in
# time.sleep; main joins each. The last one to count itself sets an Event that
# main waits for.
import itertools
import os
import signal
import sys
import threading
import time

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

parked = itertools.count(1)
all_parked = threading.Event()


def task():
    if next(parked) == n:
        all_parked.set()
    time.sleep(seconds)


def run_all():
    threads = []
    for k in range(n):
        thread = threading.Thread(target=task)
        try:
            thread.start()
        except (RuntimeError, MemoryError) as reason:
            print(f"stopped at {k} of {n}: {reason or type(reason).__name__}",
                  file=sys.stderr, flush=True)
            os._exit(3)     # sys.exit would wait for the threads
        threads.append(thread)
    if n > 0:
        all_parked.wait()
    print("ready", n, flush=True)
    if n == 0:
        time.sleep(seconds)
    for thread in threads:
        thread.join()


run_all()
if stay:
    print("after", n, flush=True)
    signal.pause()
