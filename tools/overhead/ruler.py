# SPDX-License-Identifier: GPL-2.0-only
"""Overhead, measured within one process: a load that times itself in windows of a few
milliseconds runs once, for as long as all takes, while tools beside it attach and
detach in random order.

Each attachment is compared with its neighbours: its windows' median, over the mean of
the medians of the windows just before it and just after it, when nothing was attached.
What changes slowly (clock, cache, neighbours on the machine) is in all three. A tool's
ratio is the median over its attachments; its interval is by ranks, so it assumes
nothing of how they are spread. The load has one CPU, all the tools have others.

It must not know what the tools are, nor what the load does.
"""

import math
import os
import random
import signal
import statistics
import subprocess
import time
import typing

SEED = 20261128
WINDOWS = 80      # of an attachment, and of the time between two: as many on a busy machine
SETTLE = 0.02     # s after a tool came or went: what the kernel does for that is over
PATIENCE = 60     # s for a tool to attach or to end, and for the windows
CONFIDENCE = 0.95
# System calls that wait for events: poll, epoll_wait, ppoll, epoll_pwait.
WAITING_X86 = ("7", "232", "271", "281")
WAITING = ("73", "22")  # ppoll, epoll_pwait


class Failed(Exception):
    pass


class Tool(typing.NamedTuple):
    name: str
    command: typing.Optional[typing.Callable]  # of the load's pid; None: nothing attaches
    rounds: int


class Result(typing.NamedTuple):
    plain: float  # median of the windows without a tool
    with_it: float
    ratio: float
    low: float
    high: float
    rounds: int


def cpus():
    """(the load's, the tools')"""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Failed("the load and the tools need a CPU each, and there is one")
    return {allowed[-1]}, set(allowed[:-1])


def interval(values, confidence=CONFIDENCE):
    """Of the median, by ranks: the k-th from below and from above, where k is the largest
    for which fewer than k of n fair coins fall one way with at most half of what is left."""
    n, k, below = len(values), 0, 0.0
    while k < n // 2:
        below += math.comb(n, k) / 2 ** n
        if below > (1 - confidence) / 2:
            break
        k += 1
    ordered = sorted(values)
    return (ordered[k - 1], ordered[n - k]) if k else (ordered[0], ordered[-1])  # too few: all of them


def waits(pid):
    """It is in its loop: all that it has to attach is attached."""
    known = WAITING_X86 if os.uname().machine == "x86_64" else WAITING
    try:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as f:
            return f.read().split()[0] in known
    except (OSError, IndexError):
        return False


def attach(tool, pid, log):
    """Start it; back when it is attached."""
    p = subprocess.Popen(tool.command(pid), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    end = time.monotonic() + PATIENCE
    while not waits(p.pid):
        if p.poll() is not None:
            raise Failed(f"{tool.name} ended with status {p.returncode}")
        if time.monotonic() > end:
            p.kill()
            p.wait()
            raise Failed(f"{tool.name} did not attach in {PATIENCE} s")
        time.sleep(0.002)
    return p


def detach(tool, p):
    p.send_signal(signal.SIGINT)
    try:
        p.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        raise Failed(f"{tool.name} did not end in {PATIENCE} s") from None


class Load:
    """The program that times itself, and what it has printed so far."""

    def __init__(self, command, directory, cpu):
        self.path = os.path.join(directory, "windows")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out)
        os.sched_setaffinity(self.process.pid, cpu)
        self.lines = open(self.path, encoding="ascii")
        self.cut = ""

    def windows(self):
        """Those that have ended since the last call: (start ns, end ns, figure)."""
        *lines, self.cut = (self.cut + self.lines.read()).split("\n")
        return [(int(start), int(end), float(figure))
                for start, end, figure in (line.split() for line in lines)]

    def phase(self):
        """The median of the next WINDOWS windows."""
        time.sleep(SETTLE)
        start, found, end = time.monotonic_ns(), [], time.monotonic() + PATIENCE
        while len(found) < WINDOWS:
            if self.process.poll() is not None:
                raise Failed(f"the load ended with status {self.process.returncode}")
            if time.monotonic() > end:
                raise Failed(f"{len(found)} windows of the load in {PATIENCE} s")
            time.sleep(0.02)
            found += [figure for began, _, figure in self.windows() if began >= start]
        return statistics.median(found)

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.lines.close()


def order(tools, seed):
    """Each tool as often as it has rounds, spread over the whole time."""
    chance = random.Random(seed)
    at = [((i + chance.random()) / tool.rounds, chance.random(), n)
          for n, tool in enumerate(tools) for i in range(tool.rounds)]
    return [tools[n] for _, _, n in sorted(at)]


def alternate(tools, load, log, seed):
    """[(tool, before, during, after)]"""
    rounds, before = [], load.phase()
    for tool in order(tools, seed):
        if tool.command:
            p = attach(tool, load.process.pid, log)
            try:
                during = load.phase()
            finally:
                detach(tool, p)
        else:
            during = load.phase()
        after = load.phase()
        rounds.append((tool, before, during, after))
        before = after
    return rounds


def compare(tool, rounds):
    plain = [(before + after) / 2 for t, before, _, after in rounds if t is tool]
    with_it = [during for t, _, during, _ in rounds if t is tool]
    ratios = [w / p for w, p in zip(with_it, plain)]
    low, high = interval(ratios)
    return Result(statistics.median(plain), statistics.median(with_it),
                  statistics.median(ratios), low, high, len(ratios))


def measure(command, tools, directory, seed=SEED):
    """{tool's name: Result}: what each costs the load, a command that prints windows until
    SIGTERM."""
    mine, theirs = cpus()
    saved = os.sched_getaffinity(0)
    load = Load(command, directory, mine)
    with open(os.path.join(directory, "tools.log"), "w+b") as log:
        try:
            os.sched_setaffinity(0, theirs)
            rounds = alternate(tools, load, log, seed)
        except Failed as e:
            log.seek(0)
            last = log.read().decode(errors="replace").strip().splitlines()[-3:]
            raise Failed("\n".join([str(e), *last])) from None
        finally:
            os.sched_setaffinity(0, saved)
            load.end()
    return {tool.name: compare(tool, rounds) for tool in tools}
