# SPDX-License-Identifier: GPL-2.0-only
#
# main.py N
#
# What the program measured in 2024 (RESULTS.md, "As published") does, and nothing more: one task
# is one asyncio.sleep(10) that asyncio.gather makes a task of. The coroutines are kept in a
# list. It prints nothing, so it is weighed at its peak.
import asyncio
import sys


async def main(count):
    sleepers = []
    for _ in range(count):
        sleepers.append(asyncio.sleep(10))
    await asyncio.gather(*sleepers)


asyncio.run(main(int(sys.argv[1])))
