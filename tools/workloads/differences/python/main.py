# SPDX-License-Identifier: GPL-2.0-only
#
# main.py N SHAPE
#
# N sleepers, for the differences between published figures and ours. SHAPE is what one task is:
#   gather      asyncio.sleep itself, which gather makes a task of, as in 2024
#   block       create_task of a coroutine that awaits asyncio.sleep, as in 2023
#   count       create_task of a coroutine that counts itself first, as ours
#   callback    no task: a timer (call_later) and its future
# With SHAPE `sizes` it prints the sizes of what one task is made of, and ends.
import asyncio
import sys

n, shape = int(sys.argv[1]), sys.argv[2]
SECONDS = 1_000_000
counted = 0


async def block():
    await asyncio.sleep(SECONDS)


async def count():
    global counted
    counted += 1
    await asyncio.sleep(SECONDS)


def callback():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_later(SECONDS, future.set_result, None)
    return future


def sizes():
    loop = asyncio.get_running_loop()
    sleep, own = asyncio.sleep(1), block()
    future = loop.create_future()
    timer = loop.call_later(1, future.set_result, None)
    task = loop.create_task(own)
    print("coroutine of sleep", sys.getsizeof(sleep), "own coroutine",
          sys.getsizeof(own), "task", sys.getsizeof(task), "future",
          sys.getsizeof(future), "timer", sys.getsizeof(timer))
    timer.cancel()
    task.cancel()
    sleep.close()


async def main():
    if shape == "sizes":
        sizes()
        return
    if shape == "gather":
        rest = asyncio.gather(*[asyncio.sleep(SECONDS) for _ in range(n)])
    elif shape == "callback":
        rest = asyncio.gather(*[callback() for _ in range(n)])
    else:
        make = count if shape == "count" else block
        rest = asyncio.gather(*[asyncio.create_task(make()) for _ in range(n)])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("ready", n, flush=True)
    await rest


asyncio.run(main())
