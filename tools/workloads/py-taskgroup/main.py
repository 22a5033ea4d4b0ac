# SPDX-License-Identifier: GPL-2.0-only
#
# One task: an asyncio.Task made by TaskGroup.create_task of a coroutine that
# awaits asyncio.sleep; leaving the group joins them. They start when main first
# waits, so the last one to count itself says that all are there.
import asyncio
import sys

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
    await asyncio.sleep(seconds)


async def run_all():
    async with asyncio.TaskGroup() as group:
        for _ in range(n):
            group.create_task(task())


async def main():
    if n == 0:
        print("ready 0", flush=True)
        await asyncio.sleep(seconds)
    await run_all()
    if stay:
        print("after", n, flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
