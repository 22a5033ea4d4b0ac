#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A JSON report: its own arithmetic, and finding things in it.

    report.py check FILE…           what every report must hold
    report.py get FILE EXPRESSION   value of a Python expression over `r`
    report.py assert FILE EXPRESSION…  each must be true

In expressions: r (the report), tasks (all), processes, pids, by_comm(name), sum, len …
"""

import json
import sys

RSS = ("anon", "file", "shmem")
KINDS = RSS + ("swap", "pagetable")


def load(path):
    with open(path, encoding="utf-8") as f:  # strict: a report is valid UTF-8
        return json.load(f)


def tasks(r):
    return [t for p in r["processes"] for t in p["tasks"]]


def alive_processes(r):
    return [p for p in r["processes"] if p["alive"]]


def task(r, tid):
    """The task of this tid: one that lives rather than one that ended."""
    found = [t for t in tasks(r) if t["tid"] == tid]
    if not found:
        return None
    return max(found, key=lambda t: (t["alive"], t["start_ns"]))


def process(r, pid):
    found = [p for p in r["processes"] if p["pid"] == pid]
    return max(found, key=lambda p: (p["alive"], p["start_ns"])) if found else None


def check_equation(p):
    who, bad = f"pid {p['pid']} ({p['comm']})", []
    for kind in KINDS:
        b = p["balance"][kind]
        foreign = p["foreign"].get(kind, {"in": 0, "out": 0})
        own = sum(t[kind]["in"] - t[kind]["out"] for t in p["tasks"])
        net = b["opening"] + own + foreign["in"] - foreign["out"] + (p["unattributed"][kind] or 0)
        if net != b["net"]:
            bad.append(f"{who}: {kind}: opening {b['opening']} + tasks {own} + foreign "
                       f"{foreign} = {net}, not net {b['net']}")
        for way in ("in", "out"):
            total = sum(t[kind][way] for t in p["tasks"])
            if total != b[way]:
                bad.append(f"{who}: {kind}.{way}: tasks {total}, balance {b[way]}")
        if not p["alive"] and b["net"]:
            bad.append(f"{who}: {kind}: ended with {b['net']}")
        if b["net"] < 0:
            bad.append(f"{who}: {kind}: net is {b['net']}")
    return bad


def check_task(t):
    who, bad = f"tid {t['tid']} ({t['comm']})", []
    for way in ("in", "out"):
        by_cause = sum(c[way] for c in t["causes"])
        by_kind = sum(t[kind][way] for kind in RSS)
        if by_cause != by_kind:
            bad.append(f"{who}: {way}: causes add up to {by_cause}, kinds to {by_kind}")
    for kind in KINDS:
        if t[kind]["in"] - t[kind]["out"] != t[kind]["net"]:
            bad.append(f"{who}: {kind}: {t[kind]}")
        if t[kind]["in"] < 0 or t[kind]["out"] < 0:
            bad.append(f"{who}: {kind}: {t[kind]}: negative")
    if bool(t["end_ns"]) == bool(t["alive"]):
        bad.append(f"{who}: alive is {t['alive']}, end_ns {t['end_ns']}")
    return bad


def check_process(p):
    bad = check_equation(p)
    held = sum(p["balance"][kind]["net"] for kind in RSS)
    if p["rss_peak"] < held:
        bad.append(f"pid {p['pid']}: rss_peak {p['rss_peak']} is below what it has: {held}")
    for t in p["tasks"]:
        bad += check_task(t)
    return bad


def check_totals(r):
    bad = []
    for kind in KINDS:
        for what in ("opening", "in", "out", "net"):
            total = sum(p["balance"][kind][what] for p in r["processes"])
            if r["totals"][kind][what] != total:
                bad.append(f"totals.{kind}.{what}: {r['totals'][kind][what]}, "
                           f"processes add up to {total}")
    return bad


def check(r, balanced=True, unseen=0):
    """What every report must hold: a list of what it doesn't. `unseen`: bytes of page
    tables that may have come without an event (reading maps the zero page)."""
    bad = []
    if r["schema"] != "tare.report/1":
        bad.append(f"schema: {r['schema']}")
    if balanced and r["books"]["balanced"] is not True:
        bad.append(f"books: {r['books']}")
    off = dict(r["books"]["unattributed"])
    if off["pagetable"] is not None and abs(off["pagetable"]) <= unseen:
        del off["pagetable"]
    if balanced and any(v != 0 for v in off.values()):
        bad.append(f"unattributed: {r['books']['unattributed']}")
    if r["lost"]["total"] or any(r["lost"].values()):
        bad.append(f"lost: {r['lost']}")
    for p in r["processes"]:
        bad += check_process(p)
    bad += check_totals(r)
    net = sum(r["totals"][kind]["net"] for kind in RSS)
    if r["peak"]["rss"] + r["peak"]["bound"] < net:
        bad.append(f"peak {r['peak']} is below the end's {net}")
    return bad


def names(r):
    return {
        "r": r, "tasks": tasks(r), "processes": r["processes"], "RSS": RSS, "KINDS": KINDS,
        "pids": [p["pid"] for p in r["processes"]],
        "by_comm": lambda comm: [t for t in tasks(r) if t["comm"] == comm],
        "proc": lambda comm: [p for p in r["processes"] if p["comm"] == comm],
        "rss": lambda p: sum(p["balance"][kind]["net"] for kind in RSS),
        "causes": lambda t: {c["cause"]: c for c in t["causes"]},
    }


def main(argv):
    if len(argv) < 3 or argv[1] not in ("check", "get", "assert"):
        print(__doc__, file=sys.stderr)
        return 2
    bad = []
    if argv[1] == "check":
        for path in argv[2:]:
            bad += [f"{path}: {b}" for b in check(load(path))]
    elif argv[1] == "get":
        print(eval(argv[3], names(load(argv[2]))))
    else:
        env = names(load(argv[2]))
        bad = [f"not so: {e}" for e in argv[3:] if not eval(e, env)]
    print("\n".join(bad), end="\n" if bad else "", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
