#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A process whose memory other processes change: the change is in the row `by others`, no
task of the process is charged, and the figures still equal the kernel's.

    nonowner.py pageout|cold|write|read WHERE  by process_madvise or process_vm_*v
    nonowner.py reclaim CGROUP                 file pages, by the limit of a control group
"""

import os
import subprocess
import sys
import tempfile

import report
import session

PROGRAMS = os.environ.get("PROGRAMS", "build/programs")
KIND = {"file": "file", "shmem": "shmem", "empty": "anon", "anon": "anon"}


def until_checkpoint(s):
    """The facts that the program prints up to the next checkpoint: {word: value}."""
    said = {}
    while True:
        line = s.line()
        if line is None:
            raise session.Failed(f"the program ended; tare: {s.said()}")
        if line.startswith("checkpoint "):
            return said
        said.update(w.split("=", 1) for w in line.split() if "=" in w)


def flows(p):
    return {kind: dict(p["by_others"][kind]) for kind in report.RSS}


def own(p):
    return {kind: {w: p["balance"][kind][w] for w in ("in", "out")} for kind in report.RSS}


def from_outside(s, what, where):
    s.start_run([], [PROGRAMS + "/target"])
    said = until_checkpoint(s)
    pid, size, kind = int(said["pid"]), int(said["bytes"]), KIND[where]
    r, kernel, bad = s.compare()
    before = report.process(r, pid)
    # A sibling of tare, not a child of the target.
    subprocess.run([PROGRAMS + "/outside", what, str(pid), said[where], str(size)], check=True,
                   stdout=subprocess.DEVNULL, timeout=s.deadline.left())
    # A read of untouched memory maps the zero page: page tables without an update.
    r, after_kernel, wrong = s.compare(unseen=1 << 16 if what == "read" else 0)
    bad += wrong
    after = report.process(r, pid)
    moved = after_kernel[pid][0][kind] - kernel[pid][0][kind]
    got = {w: after["by_others"][kind][w] - before["by_others"][kind][w] for w in ("in", "out")}
    if got["in"] - got["out"] != moved:
        bad.append(f"by others {kind}: {got}, kernel {moved:+}")
    if own(after) != own(before):
        bad.append(f"the process's own tasks are blamed: {own(before)} -> {own(after)}")
    by = sum(f["in"] + f["out"] for f in after["by_others_causes"].values())
    if by != sum(f["in"] + f["out"] for f in flows(after).values()):
        bad.append(f"causes of others {after['by_others_causes']}, kinds {flows(after)}")
    if what == "write" and moved != size:
        bad.append(f"{size} bytes were written there, {moved} came")
    if what == "write" and after["by_others_causes"]["process"]["in"] < size:
        bad.append(f"another process did it: {after['by_others_causes']}")
    if (what, where) == ("pageout", "file") and moved > -size // 2:
        bad.append(f"file pages should have gone: {moved:+}")
    s.go_on()
    s.go_on()
    return bad


def by_limit(s, group):
    s.start_run([], ["sh", "-c", f"echo $$ >{group}/cgroup.procs && exec {PROGRAMS}/reclaim 64"])
    until_checkpoint(s)
    bad = s.compare()[2]
    s.go_on()
    said = until_checkpoint(s)
    r, kernel, wrong = s.compare()
    bad += wrong
    reader, size = report.task(r, int(said["tid"])), int(said["bytes"])
    p = report.alive_processes(r)[0]
    held = kernel[p["pid"]][0]["file"]
    gone = p["balance"]["file"]["out"] + p["by_others"]["file"]["out"]
    if held > size // 2 or gone < size:
        bad.append(f"the limit took too little: {held} held, {gone} taken of 2 x {size}")
    if reader["file"]["in"] < size * 3 // 2:
        bad.append(f"the reader took in {reader['file']['in']} of 2 x {size}")
    if "direct reclaim" not in {c["cause"] for c in reader["causes"]}:
        bad.append(f"direct reclaim is no cause of the reader's: {reader['causes']}")
    s.go_on()
    return bad


def main(argv):
    if len(argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="tare-nonowner-") as directory:
        with session.Session(directory) as s:
            try:
                bad = by_limit(s, argv[2]) if argv[1] == "reclaim" else from_outside(s, *argv[1:])
                r, status = s.end()
                bad += [f"end: {b}" for b in report.check(r)]
                if status:
                    bad.append(f"exit status {status}; tare: {s.said()}")
            except (session.Failed, AssertionError, subprocess.SubprocessError) as e:
                bad = [f"{type(e).__name__}: {e}"]
    print("\n".join(bad) if bad else "equal")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
