#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Attaches to a program that stands at its first checkpoint. There the initial balances must
equal the kernel's figures, and nothing may be charged to a task yet. At each later checkpoint
the figures must equal the kernel's. tare ends when the program does.

    attach.py [--select OPTIONS] [--detach] [--others] [--checkpoints N] -- PROGRAM ARG…

--select: the options by which tare finds it ({pid}, {comm} are replaced); `-p {pid}` by default
--detach: tare is interrupted at the last checkpoint; the program must live on
--others: the selection contains other processes too
--second: two tares attach at once; both must be right
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile

import procfs
import report
import session


def options(argv):
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--select", default="-p {pid}")
    p.add_argument("--opt", action="append", default=[])
    p.add_argument("--detach", action="store_true")
    p.add_argument("--others", action="store_true")
    p.add_argument("--second", action="store_true")
    p.add_argument("--checkpoints", type=int, default=1)
    p.add_argument("command", nargs="+")
    return p.parse_args(argv)


def next_checkpoint(s):
    while True:
        line = s.line()
        if line is None or line.startswith("checkpoint "):
            return line


def check_initial(r, kernel):
    bad = []
    for pid, (kinds, _) in kernel.items():
        p = report.process(r, pid)
        if not p:
            continue  # compare() has said so
        for kind, there in kinds.items():
            initial = p["balance"][kind]["initial"]
            if initial != there:
                bad.append(f"pid {pid}: initial {kind}: tare {initial}, kernel {there}")
        for t in p["tasks"]:
            moved = {k: t[k] for k in report.KINDS if t[k]["in"] or t[k]["out"]}
            if moved or t["faults"]["total"] or not t["attached"]:
                bad.append(f"tid {t['tid']}: it did nothing since: {moved} {t['faults']}, "
                           f"attached {t['attached']}")
    return bad


def check_unloaded(s, ids):
    def loaded():
        return [f"{what} {i}" for what, some in zip(("prog", "map"), ids) for i in some
                if subprocess.run(["bpftool", what, "show", "id", str(i)], check=False,
                                  capture_output=True).returncode == 0]
    s.deadline.wait("BPF to be unloaded", lambda: not loaded())


def detach(s, bad):
    ids = s.bpf_ids()
    if not all(ids):
        bad.append(f"tare holds no BPF: {ids}")
    pids = s.workload()
    s.tare.send_signal(signal.SIGINT)
    r, status = s.finish()
    if not s.others:
        bad += [f"detached: {b}" for b in report.check(r)]
    if status or r["reason"] != "detach":
        bad.append(f"detached: status {status}, reason {r['reason']}")
    if s.workload() != pids:
        bad.append(f"the program did not live on: {pids}, {s.workload()}")
    check_unloaded(s, ids)


def other_tare(s, directory):
    """A second session on the same workload."""
    two = session.Session(directory)
    two.marker, two.program = s.marker, s.program
    s.beside.append(two)
    return two


def run(s, o, bad):
    s.others = o.others
    s.start_program(o.command)
    if not next_checkpoint(s):
        raise session.Failed("the program has no checkpoint")
    s.deadline.wait("every thread to sleep", s.parked)
    pid = s.program.pid
    comm = procfs.read(f"/proc/{pid}/comm").decode().strip()
    select = o.select.format(pid=pid, comm=comm).split()
    s.start_attach([*o.opt, *select])
    everyone = [s]
    if o.second:
        second = os.path.join(s.dir, "second")
        os.mkdir(second)
        two = other_tare(s, second)
        two.start_attach([*o.opt, *select])
        everyone.append(two)
    for one in everyone:
        r, kernel, wrong = one.compare()
        bad += [f"initial: {b}" for b in wrong + check_initial(r, kernel)]
    held = 1
    s.go_on()
    while True:
        line = next_checkpoint(s)
        if not line:
            break
        held += 1
        for one in everyone:
            bad += [f"{line}: {b}" for b in one.compare()[2]]
        if o.detach and held == o.checkpoints:
            detach(s, bad)
        s.go_on()
    if not o.detach:
        for one in everyone:
            r, status = one.finish()
            bad += [f"end: {b}" for b in report.check(r)]
            if status or r["reason"] != "end":
                bad.append(f"end: status {status}, reason {r['reason']}: {one.said()}")
    if s.program.wait(timeout=s.deadline.left()):
        bad.append(f"the program ended with {s.program.returncode}")
    if held < o.checkpoints:
        bad.append(f"only {held} checkpoints")


def main(argv):
    o, bad = options(argv), []
    with tempfile.TemporaryDirectory(prefix="tare-attach-") as directory:
        with session.Session(directory) as s:
            try:
                run(s, o, bad)
            except (session.Failed, AssertionError, subprocess.TimeoutExpired) as e:
                bad.append(f"{type(e).__name__}: {e}")
    print("\n".join(bad) if bad else "equal")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
