# SPDX-License-Identifier: GPL-2.0-only
"""Overhead, measured within one process: a load that times itself in windows of a few
milliseconds runs once, for as long as all takes, while tools beside it attach and
detach in random order.

Each attachment is compared with its neighbours: its windows' median, over the mean of
the medians of the windows just before it and just after it, when nothing was attached.
What changes slowly (clock, cache, neighbours on the machine) is in all three. A tool's
ratio is the median of the means of all pairs of its attachments' (Hodges and Lehmann),
with the 95 % interval that belongs to it, by Wilcoxon's signed ranks: outliers don't move
it. The load has one CPU, all the tools have others. An attachment beside which the caller
saw another program's hook on what is measured is left out, if enough are left.

It must not know what the tools are, nor what the load does.
"""

import contextlib
import math
import os
import random
import signal
import statistics
import subprocess
import time
import typing

SEED = 20261128
WINDOWS = 40      # of an attachment, and of the time between two: as many on a busy machine
SETTLE = 0.02     # s after a tool came or went: what the kernel does for that is over
NICE = -15        # of the load, the tools and this: they don't wait for the rest of the machine
ENOUGH = 6        # attachments: their 95 % interval is within their extremes
PATIENCE = 60     # s for a tool to attach or to end, and for the windows
Z = 1.96          # of the normal distribution: 95 %
# System calls that wait for events: poll, epoll_wait, ppoll, epoll_pwait.
WAITING_X86 = ("7", "232", "271", "281")
WAITING = ("73", "22")  # ppoll, epoll_pwait


class Failed(Exception):
    pass


class Tool(typing.NamedTuple):
    name: str
    command: typing.Optional[typing.Callable]  # of the load's pid; None: nothing attaches
    rounds: int


class Round(typing.NamedTuple):
    tool: Tool
    before: float  # medians
    during: float
    after: float
    other_hook: bool


class Result(typing.NamedTuple):
    plain: float  # median of the windows without a tool
    with_it: float
    ratio: float
    low: float
    high: float
    rounds: int
    left_out: int  # attachments, for hooks of others
    other_hook: bool  # they were too many to be left out


def cpus():
    """(the load's, the tools')"""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Failed("the load and the tools need a CPU each, and there is one")
    return {allowed[-1]}, set(allowed[:-1])


def estimate(values):
    """(middle, low, high) by signed ranks: the median of all means of two, a value with
    itself too, and those that stand as far from both ends as 95 % asks. Of very few values
    that is all of them."""
    n = len(values)
    means = sorted((a + b) / 2 for i, a in enumerate(values) for b in values[i:])
    spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    k = max(0, round(n * (n + 1) / 4 - Z * spread))
    return statistics.median(means), means[k], means[-1 - k]


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


def alternate(tools, load, log, seed, other_hook):
    rounds, before, others = [], load.phase(), other_hook()
    for tool in order(tools, seed):
        if tool.command:
            p = attach(tool, load.process.pid, log)
            try:
                during = load.phase()
            finally:
                detach(tool, p)
        else:
            during = load.phase()
        after, others_after = load.phase(), other_hook()
        rounds.append(Round(tool, before, during, after, others or others_after))
        before, others = after, others_after
    return rounds


def compare(tool, rounds):
    mine = [r for r in rounds if r.tool is tool]
    clean = [r for r in mine if not r.other_hook]
    other_hook = len(clean) < min(ENOUGH, len(mine))
    used = mine if other_hook else clean
    plain = [(r.before + r.after) / 2 for r in used]
    ratios = [r.during / p for r, p in zip(used, plain)]
    return Result(statistics.median(plain), statistics.median([r.during for r in used]),
                  *estimate(ratios), len(used), len(mine) - len(used), other_hook)


def autogroup(nice=None):
    """The nice value of the session that all this is in, among others; None: there is none."""
    try:
        with open("/proc/self/autogroup", "r+" if nice is not None else "r", encoding="ascii") as f:
            if nice is not None:
                f.write(str(nice))
                return nice
            return int(f.read().split()[-1])
    except (OSError, ValueError, IndexError):
        return None


@contextlib.contextmanager
def favoured():
    """What starts meanwhile is favoured too. All is put back. Where this is not allowed the
    intervals are wider on a busy machine."""
    cpu, nice, group = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0), autogroup()
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, min(nice, NICE))
    if group is not None:
        autogroup(min(group, NICE))
    try:
        yield
    finally:
        os.sched_setaffinity(0, cpu)
        os.setpriority(os.PRIO_PROCESS, 0, nice)
        if group is not None:
            autogroup(group)


def measure(command, tools, directory, seed=SEED, other_hook=lambda: False):
    """{tool's name: Result}: what each costs the load, a command that prints windows until
    SIGTERM. other_hook(): is another program's hook there, while none of the tools is?"""
    mine, theirs = cpus()
    with favoured(), open(os.path.join(directory, "tools.log"), "w+b") as log:
        load = Load(command, directory, mine)
        try:
            os.sched_setaffinity(0, theirs)
            rounds = alternate(tools, load, log, seed, other_hook)
        except Failed as e:
            log.seek(0)
            last = log.read().decode(errors="replace").strip().splitlines()[-3:]
            raise Failed("\n".join([str(e), *last])) from None
        finally:
            load.end()
    return {tool.name: compare(tool, rounds) for tool in tools}
