#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares the rows of `tare top --format jsonl` with /proc while a program grows stepwise.

    top.py steps     each step is in the figures, to the byte
    top.py sums      rows add up to the totals, while all processes of the machine come and go
    top.py rates     a steady growth is the first row, with its rate
"""

import json
import os
import subprocess
import sys

TARE, PROGRAMS = os.environ["TARE"], os.environ["PROGRAMS"]
MIB = 1024 * 1024
STEP = 16 * MIB


def check(true, *what):
    if not true:
        print(*what)
        sys.exit(1)


class Grower:
    def __init__(self, *args):
        self.process = subprocess.Popen([f"{PROGRAMS}/grower", *map(str, args)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def reached(self):
        check(self.process.stdout.readline().startswith("checkpoint grown"), "no checkpoint")

    def step(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.reached()

    def resident(self):
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as f:
            fields = dict(line.split(":") for line in f.read().splitlines()[1:])
        return int(fields["Rss"].split()[0]) * 1024

    def end(self):
        self.process.kill()
        self.process.wait()


class Top:
    def __init__(self, *args):
        self.process = subprocess.Popen([TARE, "top", "--format", "jsonl", *map(str, args)],
                                        stdout=subprocess.PIPE, text=True)

    def round(self):
        line = self.process.stdout.readline()
        check(line, "tare top has ended")
        return json.loads(line)

    def after_next(self):
        """A round that began after this call."""
        self.round()
        return self.round()

    def end(self):
        self.process.terminate()
        for _ in self.process.stdout:
            pass
        check(self.process.wait() == 0, "status", self.process.returncode)


def row_of(seen, **wanted):
    rows = [r for r in seen["rows"] if all(r[k] == v for k, v in wanted.items())]
    check(len(rows) == 1, wanted, len(rows), "rows")
    return rows[0]


def rates_agree(before, after, pid):
    """The rate since the last round is the difference of the two."""
    was, now = row_of(before, pid=pid, tid=None), row_of(after, pid=pid, tid=None)
    seconds = (after["time_ns"] - before["time_ns"]) / 1e9
    grown = now["rates"]["1"]["growth"] * after["seconds"]["1"]
    if after["seconds"]["1"] < seconds * 1.5:  # the window is one interval
        # seconds are rounded to milliseconds
        check(abs(grown - (now["weight"] - was["weight"])) <= abs(grown) / 500 + 1, was, now)


def steps():
    grower = Grower(STEP // MIB)
    grower.reached()
    top = Top("-p", grower.pid, "-d", 1, "--threads")
    try:
        before = top.round()
        row = row_of(before, pid=grower.pid, tid=None)
        check(row["rates"]["1"] is None, "rates of the first round", row["rates"])
        check(row["user"] == grower.resident(), "user", row["user"], grower.resident())
        for n in range(1, 4):
            grower.step()
            after = top.after_next()
            row = row_of(after, pid=grower.pid, tid=None)
            thread = row_of(after, comm="grows", pid=grower.pid)
            check(row["user"] == grower.resident(), "user", row["user"], grower.resident())
            check(thread["kinds"]["anon"] == n * STEP, "the thread's", thread["kinds"], n)
            check(row["kinds"]["anon"] - row_of(before, pid=grower.pid, tid=None)["kinds"]["anon"]
                  == n * STEP, "anon", row)
            check(row["in"] - row["out"] == n * STEP, "in, out", row["in"], row["out"])
            check(row["threads"] == 5 and row["cause"] == "page fault", row)
        top.end()
    finally:
        grower.end()


def sums():
    top = Top("-d", 0.2, "-n", 8)
    for _ in range(8):
        seen = top.round()
        for kind, total in seen["total"]["kinds"].items():
            whose = [r["kinds"][kind] for r in seen["rows"]]
            if total is not None:
                check(sum(whose) == total, kind, total, sum(whose))
        check(len(seen["rows"]) == seen["total"]["processes"], "processes")
        check(sum(r["threads"] for r in seen["rows"]) == seen["total"]["threads"], "threads")
        check(seen["lost"] == 0, "lost", seen["lost"])
        for row in seen["rows"]:
            parts = row["kinds"]
            user = parts["anon"] + parts["file"] + parts["shmem"] + parts["swap"]
            check(row["user"] == user and row["weight"] == row["user"] + row["kernel"], row)
    check(top.process.wait() == 0, "status", top.process.returncode)


def rates():
    """What the rows say of a second equals what the program grew by in it."""
    grower = Grower(1, 100)
    top = Top("-n", 4, "--window", 1, "--rows", 3, "--threads", "--sort", "in", "-p", grower.pid)
    try:
        seen = [top.round() for _ in range(4)]
        for before, after in zip(seen, seen[1:]):
            rates_agree(before, after, grower.pid)
        first, second = seen[-1]["rows"][:2]
        check(first["pid"] == grower.pid and first["tid"] is None, first)
        check(second["comm"] == "grows", second)
        check(second["rates"]["1"]["growth"] > 0, second)
        check(top.process.wait() == 0, "status", top.process.returncode)
    finally:
        grower.end()


if __name__ == "__main__":
    {"steps": steps, "sums": sums, "rates": rates}[sys.argv[1]]()
