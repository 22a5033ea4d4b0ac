# SPDX-License-Identifier: GPL-2.0-only
#
# main.py N [SECONDS] [--after]
#
# One task: an asyncio.Task that awaits get() of an asyncio.Queue of its own, with room for one
# value. Main keeps the queues and, after SECONDS, puts a value into each.
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


async def main():
    queues = [asyncio.Queue(1) for _ in range(n)]
    tasks = [asyncio.create_task(queue.get()) for queue in queues]
    # All tasks run until their first wait before this one goes on.
    await asyncio.sleep(0)
    print("ready", n, flush=True)
    await asyncio.sleep(seconds)
    for queue in queues:
        queue.put_nowait(1)
    await asyncio.gather(*tasks)
    if stay:
        print("after", n, flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
