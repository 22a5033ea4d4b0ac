#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs any program under tare, stops all of its threads several times (SIGSTOP, state T),
and compares tare's figures with the kernel's, to the byte.

    real_programs.py [--every MS] [--times N] [--ready CMD --load CMD] [--stop CMD] -- PROGRAM ARG…

It compares after each MS of the workload's CPU time. For servers: --ready is repeated until
it succeeds, then --load runs during the comparisons, then --stop ends the server.
--attach: the program starts without tare, which attaches to all its processes later.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import procfs
import report
import session

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def options(argv):
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--every", type=float, default=100)
    p.add_argument("--times", type=int, default=3)
    p.add_argument("--seconds", type=float, default=session.LIMIT)
    p.add_argument("--opt", action="append", default=[])
    p.add_argument("--attach", action="store_true")
    p.add_argument("--ready")
    p.add_argument("--load")
    p.add_argument("--stop")
    p.add_argument("command", nargs="+")
    return p.parse_args(argv)


class Clock:
    """CPU time of the workload, including ended processes."""

    def __init__(self, s):
        self.s, self.ticks = s, {}

    def ms(self):
        for pid in self.s.workload():
            self.ticks[pid] = max(self.ticks.get(pid, 0), procfs.cpu_ticks(pid))
        return sum(self.ticks.values()) * TICK_MS


def sh(s, command):
    return subprocess.Popen(["sh", "-c", command], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=s.dir,
                            env={k: v for k, v in s.env.items() if k != "TARE_TEST_ID"})


def try_command(s, command):
    child = sh(s, command)
    return child.wait(timeout=max(0.1, s.deadline.left())) == 0


def compare_once(s, bad):
    pids = s.stop_all()
    if not pids:
        raise session.Failed("the workload ended before it could be compared")
    r, kernel, wrong = s.compare()
    bad += wrong
    s.cont_all(pids)
    return sum(sum(kinds[k] for k in report.RSS) for kinds, _ in kernel.values())


def ended(s, load):
    if load and load.poll():
        raise session.Failed(f"the load ended with {load.returncode}")
    return s.tare.poll() is not None


def sample(s, o, load, bad):
    clock, last, sizes = Clock(s), 0.0, []
    for _ in range(o.times):
        s.deadline.wait("CPU time to pass",
                        lambda: ended(s, load) or clock.ms() >= last + o.every)
        if ended(s, load):
            raise session.Failed(f"the program ended after {len(sizes)} comparisons")
        sizes.append(compare_once(s, bad))
        last = clock.ms()
    return sizes


def start(s, o):
    if not o.attach:
        s.start_run(o.opt, o.command)
        return
    s.start_program(o.command)
    clock = Clock(s)
    s.deadline.wait("the program to get busy", lambda: clock.ms() >= o.every)
    s.start_attach([*o.opt, "-p", ",".join(str(p) for p in s.workload())])


def run(s, o, bad):
    load = None
    start(s, o)
    try:
        if o.ready:
            s.deadline.wait("the server", lambda: s.check_tare() and try_command(s, o.ready), 0.02)
        if o.load:
            load = sh(s, o.load)
        sizes = sample(s, o, load, bad)
        if load:
            if load.wait(timeout=max(0.1, s.deadline.left())):
                bad.append(f"the load ended with {load.returncode}")
            sizes.append(compare_once(s, bad))
        if o.stop and not try_command(s, o.stop):
            bad.append("the server could not be stopped")
    finally:
        if load and load.poll() is None:
            load.kill()
            load.wait()
    r, status = s.end()
    bad += [f"end: {b}" for b in report.check(r)]
    if status:
        bad.append(f"exit status {status}; tare: {s.said()}")
    return sizes


def main(argv):
    o, bad, sizes = options(argv), [], []
    with tempfile.TemporaryDirectory(prefix="tare-real-") as directory:
        os.chmod(directory, 0o755)
        with session.Session(directory, o.seconds) as s:
            try:
                sizes = run(s, o, bad)
            except (session.Failed, AssertionError, subprocess.TimeoutExpired) as e:
                bad.append(f"{type(e).__name__}: {e}")
    print("\n".join(bad) if bad else "equal: RSS of %s KiB" % [n // 1024 for n in sizes])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
