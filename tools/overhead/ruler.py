# SPDX-License-Identifier: GPL-2.0-only
"""Measures overhead within one process. A load times itself in windows of a few
milliseconds. It runs once for the whole measurement, while tools attach to it and detach in
random order.

The ratio of an attachment is the median of its windows, divided by the mean of two medians:
of the windows just before it and just after it, when nothing was attached. Slow changes
(clock, cache, other load on the machine) affect all three alike. The ratio of a tool is the
median of the means of all pairs of its attachments' ratios (Hodges and Lehmann), with the
95 % interval by Wilcoxon's signed ranks; outliers do not move it. The load has one CPU, and
all tools have the others. Attachments during which the caller saw another program's hook are
left out, if enough remain.

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
WINDOWS = 40      # windows per attachment and per pause between two, on a busy machine too
SETTLE = 0.02     # s to wait after a tool came or went, until the kernel's work for that is over
NICE = -15        # nice value of the load, the tools and this: other processes must wait
ENOUGH = 6        # attachments needed, so that their 95 % interval is within their extremes
PATIENCE = 60     # s to wait for a tool to attach or to end, and for windows
Z = 1.96          # 95 % of the normal distribution
WAITING_X86 = ("7", "232", "271", "281")
WAITING = ("73", "22")  # ppoll, epoll_pwait


class Failed(Exception):
    pass


class Tool(typing.NamedTuple):
    name: str
    command: typing.Optional[typing.Callable]  # of the load's pid; None: attaches nothing
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
    left_out: int  # attachments left out because of others' hooks
    other_hook: bool  # too many attachments had others' hooks to leave them out


def cpus():
    """(the load's, the tools')"""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Failed("the load and the tools need a CPU each, but only one is available")
    return {allowed[-1]}, set(allowed[:-1])


def estimate(values):
    """(middle, low, high) by signed ranks: the median of the means of all pairs (a value
    with itself included), and the bounds of the 95 % interval among these means. With very
    few values the bounds are the extremes."""
    n = len(values)
    means = sorted((a + b) / 2 for i, a in enumerate(values) for b in values[i:])
    spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    k = max(0, round(n * (n + 1) / 4 - Z * spread))
    return statistics.median(means), means[k], means[-1 - k]


def waits(pid):
    """True if the tool is in its event loop, so that everything is attached."""
    known = WAITING_X86 if os.uname().machine == "x86_64" else WAITING
    try:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as f:
            return f.read().split()[0] in known
    except (OSError, IndexError):
        return False


def attach(tool, pid, log):
    """Starts a tool and returns when it is attached."""
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
        """The windows that have ended since the last call: (start ns, end ns, figure)."""
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
                raise Failed(f"the load printed only {len(found)} windows in {PATIENCE} s")
            time.sleep(0.02)
            found += [figure for began, _, figure in self.windows() if began >= start]
        return statistics.median(found)

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.lines.close()


def order(tools, seed):
    """The order of attachments: each tool `rounds` times, spread over the whole time."""
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
    """The nice value of this session's autogroup; None if there are no autogroups."""
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
    """Raises the priority of this process and of those that it starts; restores it at the
    end. Where this is not allowed, the intervals are wider on a busy machine."""
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
    """{tool's name: Result}: the cost of each tool to the load, a command that prints windows
    until SIGTERM. other_hook(): is another program on the hook while no tool is attached?"""
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
