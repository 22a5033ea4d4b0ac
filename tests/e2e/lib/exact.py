#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program of known growth under tare and holds it at each checkpoint. There tare's
figures must equal the kernel's to the byte, and agree with what the program says that it did.

    exact.py [--facts N | --no-facts] [--checkpoints N] [--status N] [--opt TARE-OPTION]…
             -- PROGRAM ARG…

--facts, --checkpoints: at least this number must have been compared (1 by default).
--no-facts: compare with the kernel's figures only, not with what each task did.
Exit 0: equal; 1: not equal; 77: the program cannot run here.
"""

import argparse
import sys
import tempfile

import facts
import report
import session


def options(argv):
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--facts", type=int, default=1)
    p.add_argument("--no-facts", action="store_true")
    p.add_argument("--checkpoints", type=int, default=1)
    p.add_argument("--status", type=int, default=0)
    p.add_argument("--opt", action="append", default=[])
    p.add_argument("--seconds", type=float, default=session.LIMIT)
    p.add_argument("command", nargs="+")
    return p.parse_args(argv)


def at_checkpoints(s, o, known, bad):
    """Compares at every checkpoint of the program; returns their number."""
    held = 0
    while True:
        line = s.line()
        if line is None:
            return held
        known.line(line)
        if line.startswith("checkpoint "):
            r, _, wrong = s.compare(known.one_mm, known.unseen)
            wrong += [] if o.no_facts else known.check(r)
            bad += [f"{line}: {w}" for w in wrong]
            held += 1
            known.unseen = 0
            s.go_on()


def main(argv):
    o = options(argv)
    known, bad = facts.Facts(), []
    with tempfile.TemporaryDirectory(prefix="tare-exact-") as directory:
        with session.Session(directory, o.seconds) as s:
            try:
                s.start_run(o.opt, o.command)
                held = at_checkpoints(s, o, known, bad)
                if known.skip:
                    print(f"skip: {known.skip}")
                    return 77
                r, status = s.end()
                bad += [f"end: {b}" for b in report.check(r)]
                bad += [] if o.no_facts else known.check(r, at_end=True)
                if status != o.status:
                    bad.append(f"exit status {status}, not {o.status}; tare: {s.said()}")
            except (session.Failed, AssertionError) as e:
                bad.append(f"{type(e).__name__}: {e}")
                held = o.checkpoints
    if held < o.checkpoints or (known.checked < o.facts and not o.no_facts):
        bad.append(f"only {held} checkpoints and {known.checked} facts were compared")
    print("\n".join(bad) if bad else f"equal: {held} checkpoints, {known.checked} facts")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
