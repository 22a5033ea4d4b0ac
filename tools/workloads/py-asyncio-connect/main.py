# SPDX-License-Identifier: GPL-2.0-only
#
# One task: an asyncio.Task that opens a TCP connection with
# asyncio.open_connection and awaits what comes on it; that is a socket, its
# transport, StreamReader and StreamWriter, and the suspended coroutine.
import asyncio
import os
import resource
import sys


def digits(text):
    return text.isascii() and text.isdigit() and len(text) <= 9


try:
    n, seconds, (host, port) = *sys.argv[1:3], sys.argv[3].split(":")
    if (len(sys.argv) != 4 or not all(map(digits, (n, seconds, port)))
            or int(n) > 10**8):
        raise ValueError
except (IndexError, ValueError):
    print("usage: main.py N SECONDS HOST:PORT, N up to 10^8", file=sys.stderr)
    sys.exit(2)
n, seconds, port = int(n), int(seconds), int(port)
net = host[:host.rindex(".") + 1] if "." in host else "127.0.0."

parked = 0


async def task(i):
    global parked
    try:
        reader, writer = await asyncio.open_connection(
            f"{net}{1 + i % 8}", port)
    except OSError as reason:
        print(f"stopped at {i} of {n}: {os.strerror(reason.errno)}",
              file=sys.stderr, flush=True)
        os._exit(3)
    parked += 1
    if parked == n:
        print("ready", n, flush=True)
    await reader.read()


async def main():
    if n == 0:
        print("ready 0", flush=True)
        await asyncio.sleep(seconds)
        return
    await asyncio.wait([asyncio.create_task(task(i)) for i in range(n)],
                       timeout=seconds)
    os._exit(0)     # the kernel closes the connections


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
asyncio.run(main())
