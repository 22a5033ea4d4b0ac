# SPDX-License-Identifier: GPL-2.0-only
#
# One task: a trio task, started in a nursery by start_soon, in trio.sleep;
# leaving the nursery joins them. They start when main first waits, so the last
# one to count itself says that all are there.
import sys

import trio

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


async def task():
    global parked
    parked += 1
    if parked == n:
        print("ready", n, flush=True)
    await trio.sleep(seconds)


async def main():
    if n == 0:
        print("ready 0", flush=True)
        await trio.sleep(seconds)
    async with trio.open_nursery() as nursery:
        for _ in range(n):
            nursery.start_soon(task)
    if stay:
        print("after", n, flush=True)
        await trio.sleep_forever()


trio.run(main)
