# SPDX-License-Identifier: GPL-2.0-only
#
# main.py N
#
# What the program measured in 2023 (RESULTS.md, "As published") does, and nothing more: one task
# is one asyncio.create_task of a coroutine that awaits asyncio.sleep(10). The tasks are kept in
# a list that main gathers. It prints nothing, so it is weighed at its peak.
import asyncio
import sys


async def sleeper():
    await asyncio.sleep(10)


async def main(count):
    sleepers = []
    for _ in range(count):
        sleepers.append(asyncio.create_task(sleeper()))
    await asyncio.gather(*sleepers)


asyncio.run(main(int(sys.argv[1])))
