#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program that makes N units of kernel memory, and holds it at each checkpoint.
There the books must add up, agree with the control group's own files, and grow by the cost
of N units, charged to the task that made them.

    kmem.py [--attach GROUP] [--opt TARE-OPTION]… WHAT N    run WHAT, one of UNITS
    kmem.py check FILE…                                     what every report must hold
    kmem.py group DIRECTORY kernel|current|sock|oom_kills   a figure of its files
    kmem.py of FILE                                         the folder of a report's group
    kmem.py home                                            where memory groups can be made

--attach: the program starts in GROUP (a directory), which has another process that tare does
not follow. tare attaches at the program's first checkpoint.
Exit 0: right; 1: wrong; 77: this machine has no such figures.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
import time

import facts
import procfs
import report
import session

PROGRAMS = os.environ.get("PROGRAMS", "build/programs")
PAGE = os.sysconf("SC_PAGE_SIZE")
STACK = 16384  # a task's kernel stack: x86-64, arm64, riscv64
STOCK = 64 * PAGE * os.sysconf("SC_NPROCESSORS_CONF")
# The first task's stack and first tables are older than its move into the group.
ATTACHED = STACK + 16 * PAGE

# What one unit costs the kernel in bytes: at least the objects that must exist, at most 1.25
# times what 6.18 takes. Each slab object takes 8 more for its group. `task`: which task makes
# it; `share`: the part that is charged to it; `rss`: user bytes of each unit.
Unit = collections.namedtuple("Unit", "task least most share rss")
UNITS = {
    # io_kiocb 256 (6.1: 224 to 256). The timeout's own data (96) is not charged.
    "uring_timeouts": Unit("submitter", 224, 330, 0.95, 1),
    # Stack 16384, task_struct 4224 (3200 at least), pid 192, tables 33. All is charged to the
    # new task; the stack has a kind of its own: see check_threads(). In user memory: the last
    # pages of its stack.
    "idle_threads": Unit("idle", 16384 + 3200, 26061, 0.15, 3 * PAGE),
    # The page 4096; inode 624, ring of 16 buffers 640 in 1024, dentry 192, 2 files of 192,
    # pipe_inode_info 192. Measured 6600.
    "full_pipes": Unit("filler", PAGE + 600 + 640 + 192 + 2 * 192 + 152, 8250, 0.95, 16),
    # Per end: struct tcp_sock 2368, socket and inode 832, dentry 192, file 192. The accepting
    # end is charged to the reader; before 6.13 its tcp_sock isn't charged. Measured 7532.
    "full_sockets": Unit("writer", 2000 + 2 * (600 + 192 + 192), 9415, 0.3, 16),
    # eventpoll_epi 128, eventpoll_pwq 64: 208 with their groups.
    "epoll_many": Unit("registrar", 128 + 64, 260, 0.95, 1),
    # dentry 192 and 8.
    "stat_tree": Unit("walker", 192, 250, 0.95, 2),
    # As for a pipe, with 16 pages of data. Measured 68010.
    "kernel_maker": Unit("maker", 16 * PAGE + 1600, 16 * PAGE + 4 * PAGE, 0.95, 1024),
}


class Skip(Exception):
    pass


def directory(version, path):
    """The directory of a path in the hierarchy that has the memory controller."""
    for line in procfs.read("/proc/self/mountinfo").decode().splitlines():
        words = line.split()
        fs, options = words[words.index("-") + 1], words[-1].split(",")
        if fs == "cgroup2" and version == 2 or \
                fs == "cgroup" and version == 1 and "memory" in options:
            return words[4] + path[0 if words[3] == "/" else len(words[3]):]
    raise Skip(f"no control groups of version {version} are mounted")


class Cgroup:
    """A memory control group, by its own files. All figures in bytes."""

    def __init__(self, directory):
        self.dir = directory
        self.v1 = os.path.exists(directory + "/memory.usage_in_bytes")

    @staticmethod
    def of(cgroup):
        """The control group of a report."""
        return Cgroup(directory(cgroup["version"], cgroup["path"]))

    @staticmethod
    def home():
        """v1: the caller's group. v2: the top group, if its children have the controller."""
        v1 = re.search(r"^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$",
                       procfs.read("/proc/self/cgroup").decode(), re.M)
        if v1:
            return Cgroup(directory(1, v1.group(1)))
        top = directory(2, "")
        if b"memory" not in procfs.read(top + "/cgroup.subtree_control").split():
            raise Skip("no control group here enables the memory controller for its children")
        return Cgroup(top)

    def number(self, name, line=None):
        """None if the kernel does not report it."""
        text = procfs.read(f"{self.dir}/{name}").decode()
        found = re.search(rf"^{line} (\d+)$" if line else r"^(\d+)$", text, re.M)
        return int(found.group(1)) if found else None

    def kernel(self):
        return self.number("memory.kmem.usage_in_bytes") if self.v1 else \
            self.number("memory.stat", "kernel")

    def current(self):
        return self.number("memory.usage_in_bytes" if self.v1 else "memory.current")

    def sock(self):
        return self.number("memory.kmem.tcp.usage_in_bytes") if self.v1 else \
            self.number("memory.stat", "sock")

    def oom_kills(self):
        return self.number("memory.oom_control" if self.v1 else "memory.events", "oom_kill")

    def look(self):
        return {"kernel": self.kernel(), "current": self.current(), "sock": self.sock()}


def held(r):
    """tare's kernel memory: by events if it has them, otherwise the group's counter."""
    return r["kmem"]["by_events" if r["kmem"]["level"] == "events" else "by_cgroup"]


def rss(r):
    return sum(r["totals"][kind]["net"] for kind in report.RSS)


def check_stacks(r):
    """Each living task has a kernel stack, and no ended task has one."""
    bad = []
    for p in r["processes"]:
        alive = sum(t["alive"] for t in p["tasks"])
        if p["balance"]["kstack"]["net"] != STACK * alive:
            bad.append(f"pid {p['pid']} ({p['comm']}): {alive} tasks, {p['balance']['kstack']}")
    return bad


def check_unmeasured(r):
    """What is not measured is null, never 0, and has a reason."""
    bad, total, k = [], r["totals"]["kmem"], r["kmem"]
    said = [total[n] for n in ("initial", "in", "out", "net", "unattributed")]
    said += total["by_others"].values()
    said += [t["kmem"][n] for t in report.tasks(r) for n in ("in", "out", "net")]
    said += [p["balance"]["kmem"]["net"] for p in r["processes"]]
    said += [t["at_peak"]["kmem"] for t in report.tasks(r)] + [r["weight"]["kmem"]]
    said += [k[n] for n in ("by_events", "by_cgroup", "difference", "bound", "vmalloc", "sock")]
    if any(v is not None for v in said):
        bad.append(f"kernel memory was not measured, but there are figures: {said}")
    for name in ("cgroup", "kmem"):
        feature = r["features"][name]
        if feature["state"] != "not measured" or not feature["why"]:
            bad.append(f"without a reason: {name}: {feature}")
    return bad


def check(r):
    """What every report must fulfil about kernel memory, beyond its arithmetic."""
    bad, bound = check_stacks(r), r["kmem"]["bound"]
    if bound is not None and not 0 <= bound <= 2 * STOCK:
        bad.append(f"that is no bound: {r['kmem']}")
    return bad + (check_unmeasured(r) if r["kmem"]["level"] == "none" else [])


def with_sockets(c, look):
    """Kernel memory, with the socket buffers if the group's charge includes them."""
    return look["kernel"] + (look["sock"] if c["version"] == 2 else 0)


def check_cgroup(r, look, explain):
    """Compares the report with the group's files, which were equal before and after it."""
    c, k, w, bad = r["cgroup"], r["kmem"], r["weight"], []
    # v1 counts each change at once, v2 flushes its statistics now and then.
    slack = 0 if c["version"] == 1 else STOCK
    for name in ("kernel", "current"):
        if abs(c[name] - look[name]) > slack:
            bad.append(f"cgroup.{name}: tare {c[name]}, its file {look[name]}")
    if c["stat"]["sock"] is not None and abs(c["stat"]["sock"] - look["sock"]) > look["sock"] / 10:
        bad.append(f"sockets: tare {c['stat']['sock']}, its file {look['sock']}")
    if abs(k["by_cgroup"] - with_sockets(c, look)) > slack:
        bad.append(f"by_cgroup {k['by_cgroup']}, its files {look}")
    if c["stat"].get("kernel_stack") is not None and c["own"] and \
            abs(c["stat"]["kernel_stack"] - r["totals"]["kstack"]["net"]) > ATTACHED:
        bad.append(f"stacks: {r['totals']['kstack']}, its file {c['stat']['kernel_stack']}")
    if c["own"] and c["others"]:
        bad.append(f"a stranger is in a group of its own: {c}")
    if not explain:
        return bad
    # At least 98 % of the charge has a kind, not counting charges ahead of need. v1 charges
    # socket buffers apart.
    known = sum(w[kind] for kind in report.RSS + report.KERNEL)
    known -= look["sock"] if c["version"] == 1 else 0
    charged = look["current"]
    if w["source"] != "cgroup" or abs(w["charged"] - charged) > slack:
        bad.append(f"charged {charged}: {w}")
    if known < 0.98 * (charged - STOCK) or known > 1.02 * charged + STOCK:
        bad.append(f"{known} of {charged} charged are explained: {w}")
    return bad


def check_growth(name, n, r0, r1, look0, look1):
    """Checks the growth from the checkpoint before to the one where n units were made."""
    unit, bad = UNITS[name], []
    there = look1["kernel"] - look0["kernel"]
    if not unit.least * n - STOCK <= there <= unit.most * n + STOCK:
        bad.append(f"the kernel's own figure: {there / n:.1f} bytes each, not {unit.least} to "
                   f"{unit.most}")
    there = with_sockets(r1["cgroup"], look1) - with_sockets(r0["cgroup"], look0)
    grown, user = held(r1) - held(r0), rss(r1) - rss(r0)
    # What hidden tasks gave back lowers the group's counter by that amount, never raises it.
    room = min(0.05 * there, 2 * (r1["kmem"]["bound"] or 0))
    if not -room - r0["kmem"]["unreported"] <= grown - there <= room + r1["kmem"]["unreported"]:
        bad.append(f"{n} units: tare {grown}, control group {there}")
    # Code that runs for the first time adds to it.
    if user >= max(unit.rss * n, 64 * PAGE):
        bad.append(f"{user / n:.3f} bytes of RSS each, not below {unit.rss}")
    if r1["kmem"]["level"] == "events":
        by = sum(t["kmem"]["net"] - (old or {"kmem": {"net": 0}})["kmem"]["net"]
                 for t in report.tasks(r1) if t["comm"] == unit.task
                 for old in (report.task(r0, t["tid"]),))
        if by < unit.share * there or by > 1.02 * there + STOCK + r1["kmem"]["unreported"]:
            bad.append(f"{unit.task} made {there}; counted against it: {by}")
    print(f"{name}: {n} units, kernel {there / n:.1f} bytes each, tare {grown / n:.1f}, "
          f"RSS {user / n:.3f}")
    return bad


def check_threads(r, n):
    bad = []
    idle = [t for t in report.tasks(r) if t["comm"] == "idle"]
    wrong = [t["tid"] for t in idle if (t["kstack"]["in"], t["kstack"]["net"]) != (STACK, STACK)]
    if len(idle) != n or wrong:
        bad.append(f"{len(idle)} idle threads, not {n}; stacks not {STACK}: {wrong[:9]}")
    if r["totals"]["kstack"]["net"] != STACK * (n + 1):
        bad.append(f"{n + 1} threads of {STACK}: {r['totals']['kstack']}")
    return bad


class Hold:
    """A program and its checkpoints: its output, and report and group files of each."""

    def __init__(self, s, name, n):
        self.s, self.name, self.n = s, name, n
        self.known = facts.Facts()
        self.made, self.closed = {}, {}
        self.at = {}  # checkpoint: (report, look)
        self.bad = []
        self.cgroup = None

    def next(self):
        """Goes on to the next checkpoint; returns its name, None at the end."""
        while True:
            line = self.s.line()
            if line is None:
                return None
            self.known.line(line)
            words = dict(w.split("=") for w in line.split() if "=" in w)
            if line.startswith("made "):
                self.made = {k: int(v) for k, v in words.items()}
            if line.startswith("closed "):
                self.closed = {k: int(v) for k, v in words.items()}
            if line.startswith("checkpoint "):
                return line.split()[1]

    def still(self):
        """A report and the group's figures, at a moment when nothing changed. RCU frees
        memory for a while after the program stopped."""
        while True:
            if not self.cgroup:
                r = self.s.snapshot()
                measured_or_skip(r)
                self.cgroup = Cgroup.of(r["cgroup"])
            before = self.cgroup.look()
            r, _, wrong = self.s.compare()
            if self.cgroup.look() == before:
                return r, before, wrong
            if not self.s.deadline.left():
                raise session.Failed(f"the control group keeps changing: {before}")
            time.sleep(0.02)

    def compare(self, name):
        r, look, wrong = self.still()
        wrong += check(r) + check_cgroup(r, look, explain=r["cgroup"]["own"])
        wrong += self.known.check(r)
        r0, look0 = self.at.get("before", (None, None))
        if name == "made":
            wrong += check_growth(self.name, self.made["n"], r0, r, look0, look)
        special = getattr(self, f"at_{self.name}_{name}", None)
        if special:
            wrong += special(r, look)
        self.at[name] = (r, look)
        self.bad += [f"{name}: {w}" for w in wrong]

    def at_idle_threads_made(self, r, _):
        return check_threads(r, self.made["n"])

    def at_full_sockets_made(self, r, look):
        """The socket buffers are at least the data that was written."""
        sock = r["cgroup"]["stat"]["sock"]
        if look["sock"] < self.made["bytes"] or sock is None or sock < self.made["bytes"]:
            return [f"sockets took {self.made['bytes']}: tare {sock}, its file {look['sock']}"]
        return []

    def at_kernel_maker_made(self, r, _):
        if r["kmem"]["level"] != "events":
            return []
        maker = report.task(r, self.made["tid"])
        idle = [t for t in report.tasks(r) if t["comm"] in ("kernel_maker", "closer")]
        if maker["kmem"]["in"] < self.made["bytes"]:
            return [f"maker filled pipes with {self.made['bytes']}: {maker['kmem']}"]
        # A process costs a few dozen KiB; each pipe's data 64 KiB.
        return [f"{t['comm']} {t['tid']} made none of it: {t['kmem']}" for t in idle
                if t["kmem"]["in"] > 50 * PAGE]

    def at_kernel_maker_closed(self, r, look):
        (r0, look0), fell = self.at["made"], self.closed["bytes"]
        bad = []
        if look0["kernel"] - look["kernel"] < fell:
            bad.append(f"{fell} in pipes that were closed: {look0} -> {look}")
        if r["kmem"]["level"] == "events":
            closer, maker = (report.task(r, x["tid"])["kmem"] for x in (self.closed, self.made))
            late, before = (x["kmem"]["by_others"]["late"]["out"] for x in (r, r0))
            if closer["net"] < 0 or closer["net"] > STOCK or late - before < fell - STOCK:
                bad.append(f"closer gave back {fell} that were not its own: {closer}, {late}")
            held = report.task(r0, self.made["tid"])["kmem"]["net"] - fell
            # Slab memory that is freed with the data is not counted as fallen.
            if not 0.9 * held < maker["net"] < held + STOCK or \
                    r["kmem"]["freed_by_others"] < fell - STOCK:
                bad.append(f"maker has {held} left: {maker}, {r['kmem']}")
        return bad

    def at_stat_tree_removed(self, r, look):
        """Dentries are freed after a grace period, by any task."""
        (r0, look0), least = self.at["made"], UNITS["stat_tree"].least * self.made["n"]
        bad = []
        if look0["kernel"] - look["kernel"] < least - STOCK:
            bad.append(f"{least} in dentries that went: {look0} -> {look}")
        if r["kmem"]["level"] == "events":
            out = r["totals"]["kmem"]["by_others"]["out"] - r0["totals"]["kmem"]["by_others"]["out"]
            if out + r["kmem"]["unreported"] < 0.8 * least:
                bad.append(f"freed from RCU, so by others: {out} of {least}: {r['kernel']}")
        return bad


def reasons(r):
    return "; ".join(r["features"][f]["why"] or "" for f in ("cgroup", "kmem"))


def measured_or_skip(r):
    if r["kmem"]["level"] == "none":
        raise Skip(f"kernel memory is not measured here: {reasons(r)}")


def in_cgroup(group, command):
    return ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', group, *command]


def start(s, o, command, hold):
    """Starts the session. With --attach: up to the first checkpoint, beside another process
    in the group, which it returns."""
    if not o.attach:
        s.start_run(o.opt, command)
        return None
    stranger = subprocess.Popen(in_cgroup(o.attach, ["sleep", "200"]))
    s.start_program(in_cgroup(o.attach, command))
    s.first = hold.next()
    s.deadline.wait("the stranger in the group", lambda: str(stranger.pid).encode() in
                    procfs.read(o.attach + "/cgroup.procs").split())
    s.start_attach([*o.opt, "-p", str(s.program.pid)])
    return stranger


def check_attached(r, group):
    c, bad = r["cgroup"], []
    if Cgroup.of(c).dir != os.path.realpath(group) or c["own"] or c["others"] != 1:
        bad.append(f"it lives in {group}, with one other: {c}")
    if r["weight"]["source"] != "processes":
        bad.append(f"a group that is not its own: {r['weight']}")
    return bad


def hold_all(hold, o):
    name = getattr(hold.s, "first", None) or hold.next()
    while name:
        hold.compare(name)
        if o.attach:
            hold.bad += check_attached(hold.at[name][0], o.attach)
        hold.s.go_on()
        name = hold.next()
    if hold.made and hold.made["n"] < hold.n:
        print(f"clamped: {hold.made['n']} of {hold.n}")
    if "made" not in hold.at:
        hold.bad.append(f"it made nothing: {list(hold.at)}: {hold.known.skip}")


def run(o):
    hold, stranger = None, None
    with tempfile.TemporaryDirectory(prefix="tare-kmem-") as scratch:
        with session.Session(scratch, 2 * session.LIMIT) as s:
            try:
                hold = Hold(s, o.what, o.n)
                stranger = start(s, o, [f"{PROGRAMS}/{o.what}", str(o.n)], hold)
                hold_all(hold, o)
                if hold.known.skip:
                    raise Skip(hold.known.skip)
                r, status = s.finish() if o.attach else s.end()
                hold.bad += [f"end: {w}" for w in report.check(r) + check(r)]
                if status:
                    hold.bad.append(f"exit status {status}; tare: {s.said()}")
            except (session.Failed, AssertionError) as e:
                hold.bad.append(f"{type(e).__name__}: {e}")
            except (KeyError, TypeError) as e:
                where = e.__traceback__
                while where.tb_next:
                    where = where.tb_next
                hold.bad.append(f"the report has no such figure: {e!r}, "
                                f"{where.tb_frame.f_code.co_name}:{where.tb_lineno}")
            finally:
                if stranger:
                    stranger.kill()
                    stranger.wait()
    return hold.bad


def options(argv):
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--attach")
    p.add_argument("--opt", action="append", default=[])
    p.add_argument("what", choices=sorted(UNITS))
    p.add_argument("n", type=int)
    return p.parse_args(argv)


def main(argv):
    what, bad = argv[1:2], []
    try:
        if what == ["group"]:
            print(getattr(Cgroup(argv[2]), argv[3])())
        elif what == ["of"]:
            print(Cgroup.of(report.load(argv[2])["cgroup"]).dir)
        elif what == ["home"]:
            print(Cgroup.home().dir)
        elif what == ["check"]:
            bad = [f"{path}: {b}" for path in argv[2:] for r in (report.load(path),)
                   for b in report.check(r) + check(r)]
        else:
            bad = run(options(argv[1:]))
    except Skip as e:
        print(f"skip: {e}")
        return 77
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
