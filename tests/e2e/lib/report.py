#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks the arithmetic of a JSON report, and finds values in it.

    report.py check FILE…           what every report must fulfil
    report.py dump-check FILE…      a dump of tare agent
    report.py rows-check FILE…      only the rows of kernel memory: what a snapshot of a
                                    changing workload must fulfil too
    report.py get FILE EXPRESSION   value of a Python expression over `r`
    report.py assert FILE EXPRESSION…  each must be true

Some hosts run tasks without events (`tare doctor` shows it). Kernel memory that was freed while
such a task ran is missing from the events. The checks add it before they compare: see forgive().
Kernels in guests have no such tasks, so tests/kernels does not.

In expressions: r (the report), tasks (all), processes, pids, by_comm(name), sum, len …
"""

import functools
import json
import os
import subprocess
import sys

RSS = ("anon", "file", "shmem")
USER = RSS + ("swap",)
KERNEL = ("pagetable", "kstack", "kmem")
KINDS = USER + KERNEL
DETAIL = ("task_record", "mm_record", "event")  # losses of detail that leave the sums right
NONOWNERS = ("reclaim", "khugepaged", "kernel", "process", "late")


def load(path):
    with open(path, encoding="utf-8") as f:  # strict: a report is valid UTF-8
        return forgive(json.load(f))


def tasks(r):
    return [t for p in r["processes"] for t in p["tasks"]]


def count(rows):
    """The number of tasks that the rows stand for."""
    return sum(row["count"] for row in rows)


def alive_processes(r):
    return [p for p in r["processes"] if p["alive"]]


def task(r, tid):
    """The task with this tid; a living one is preferred to an ended one."""
    found = [t for t in tasks(r) if t["tid"] == tid]
    if not found:
        return None
    return max(found, key=lambda t: (t["alive"], t["start_ns"]))


def process(r, pid):
    found = [p for p in r["processes"] if p["pid"] == pid]
    return max(found, key=lambda p: (p["alive"], p["start_ns"])) if found else None


def flow_net(f):
    return (f["in"] or 0) - (f["out"] or 0)


def all_null(who, what, value):
    """True if every value is null: not measured."""
    return [] if set(value.values()) == {None} else [f"{who}: {what} should be null: {value}"]


@functools.lru_cache
def tasks_are_hidden():
    """True if this kernel runs some tasks without events. A sleeping task is not found, so
    init gets orphans to reap meanwhile."""
    with subprocess.Popen(["sh", "-c", "while sleep 0.02; do (true &); done"]) as orphans:
        try:
            said = subprocess.run([os.environ["TARE"], "doctor", "--json"], check=True,
                                  capture_output=True).stdout
        finally:
            orphans.kill()
    return any(f["name"] == "events of all tasks" and f["state"] == "no"
               for f in json.loads(said)["features"])


def is_off(r):
    k = r["kmem"]
    return k["difference"] is not None and abs(k["difference"]) > k["bound"]


def unreported(r):
    """True if memory was freed without an event and tasks are hidden here."""
    return is_off(r) and r["kmem"]["difference"] < 0 and tasks_are_hidden()


def forgive(r):
    """Corrects the report for further checks. Memory freed while a hidden task ran has no
    event, so the group's counter is lower than the events, never higher. The difference goes
    to kmem.unreported (0 where all had events); other errors still show."""
    missing = -r["kmem"]["difference"] if unreported(r) else 0
    r["kmem"]["unreported"] = missing
    if missing:
        b, lost = r["books"], r["lost"]
        b["balanced"] = b["checked"] and not (b["off_pages"] or b["mms_nonzero"] or any(
            lost[k] for k in lost if k not in DETAIL + ("total",)))
        r["kmem"]["bound"] = missing
        r["books"]["unattributed"]["kmem"] = 0
    return r


def check_equation(p):
    who, bad = f"pid {p['pid']} ({p['comm']})", []
    for kind in KINDS:
        b, nonowner = p["balance"][kind], p["by_others"][kind]
        if kind == "kmem" or b["net"] is None:  # what non-owners free has no process
            bad += all_null(who, f"by_others.{kind}", nonowner)
        if b["net"] is None:
            bad += all_null(who, kind, b)
            continue
        own = sum(flow_net(t[kind]) for t in p["tasks"])
        net = b["initial"] + own + flow_net(nonowner) + (p["unattributed"][kind] or 0)
        if net != b["net"]:
            bad.append(f"{who}: {kind}: initial {b['initial']} + tasks {own} + by others "
                       f"{nonowner} = {net}, not net {b['net']}")
        for way in ("in", "out"):
            total = sum(t[kind][way] for t in p["tasks"])
            if total != b[way]:
                bad.append(f"{who}: {kind}.{way}: tasks {total}, balance {b[way]}")
        if kind == "kmem":
            continue
        if not p["alive"] and b["net"]:
            bad.append(f"{who}: {kind}: ended with {b['net']}")
        if b["net"] < 0:
            bad.append(f"{who}: {kind}: net is {b['net']}")
    return bad


def check_weight(who, x, net):
    """Checks at_peak and weight of a process or task. net: its net by kind, or None."""
    bad, peak, weight = [], x["at_peak"], x["weight"]
    sums = {"user": sum(peak[k] for k in USER), "kernel": sum(peak[k] or 0 for k in KERNEL)}
    sums["weight"] = sums["user"] + sums["kernel"]
    now = {"user": sum(net[k] for k in USER), "kernel": sum(net[k] or 0 for k in KERNEL)}
    now["total"] = now["user"] + now["kernel"]
    for name, value in sums.items():
        if peak[name] != value:
            bad.append(f"{who}: at_peak.{name}: {peak[name]}, its kinds add up to {value}")
    if weight != now:
        bad.append(f"{who}: weight {weight}, its kinds add up to {now}")
    if x["rss_at_peak"] != sum(peak[k] for k in RSS):
        bad.append(f"{who}: rss_at_peak {x['rss_at_peak']}, at_peak {peak}")
    for kind in KINDS:
        if (peak[kind] is None) != (net[kind] is None):
            bad.append(f"{who}: at_peak.{kind} {peak[kind]}, net {net[kind]}: one is null")
    return bad


def check_task(t):
    who, bad = f"tid {t['tid']} ({t['comm']})", []
    for way in ("in", "out"):
        by_cause = sum(c[way] for c in t["causes"])
        by_kind = sum(t[kind][way] for kind in RSS)
        if by_cause != by_kind:
            bad.append(f"{who}: {way}: causes add up to {by_cause}, kinds to {by_kind}")
    for kind in KINDS:
        if t[kind]["net"] is None:
            bad += all_null(who, kind, t[kind])
            continue
        if t[kind]["in"] - t[kind]["out"] != t[kind]["net"]:
            bad.append(f"{who}: {kind}: {t[kind]}")
        if t[kind]["in"] < 0 or t[kind]["out"] < 0:
            bad.append(f"{who}: {kind}: {t[kind]}: negative")
    bad += check_weight(who, t, {kind: t[kind]["net"] for kind in KINDS})
    if bool(t["end_ns"]) == bool(t["alive"]):
        bad.append(f"{who}: alive is {t['alive']}, end_ns {t['end_ns']}")
    return bad


def check_process(p):
    bad = check_equation(p)
    held = sum(p["balance"][kind]["net"] for kind in RSS)
    if p["rss_peak"] < held:
        bad.append(f"pid {p['pid']}: rss_peak {p['rss_peak']} is below what it has: {held}")
    if p["vm_peak"] is not None and p["vm_peak"] < p["rss_peak"]:
        bad.append(f"pid {p['pid']}: touched {p['rss_peak']} of {p['vm_peak']} mapped")
    for t in p["tasks"]:
        bad += check_task(t)
    who = f"pid {p['pid']}"
    bad += check_weight(who, p, {kind: p["balance"][kind]["net"] for kind in KINDS})
    if p["unattributed"]["kmem"] is not None:
        bad.append(f"{who}: unattributed.kmem: {p['unattributed']['kmem']}, known by group only")
    kmem = sum(t["at_peak"]["kmem"] or 0 for t in p["tasks"])
    if (p["at_peak"]["kmem"] or 0) != kmem:
        bad.append(f"{who}: at_peak.kmem {p['at_peak']['kmem']}, tasks add up to {kmem}")
    return bad


def check_totals(r):
    bad = []
    for kind in KINDS:
        t = r["totals"][kind]
        if t["net"] is None:
            bad += all_null("totals", kind, {k: v for k, v in t.items() if k != "by_others"})
            continue
        # kernel memory in initial and by others is of the control group, and net includes both
        for what in ("in", "out") if kind == "kmem" else ("initial", "in", "out", "net"):
            total = sum(p["balance"][kind][what] for p in r["processes"])
            if t[what] != total:
                bad.append(f"totals.{kind}.{what}: {t[what]}, processes add up to {total}")
        net = (t["initial"] or 0) + flow_net(t) + flow_net(t["by_others"]) + (
            t["unattributed"] or 0)
        if net != t["net"]:
            bad.append(f"totals.{kind}: {t} adds up to {net}")
    return bad


def check_own_kmem(r):
    """Checks the events of a control group of the workload alone, by kind and non-owner."""
    k, total, bad = r["kmem"], r["totals"], []
    # The part of each kind that events reported, without what only polling found.
    events = sum(total[kind]["net"] - (total[kind]["unattributed"] or 0)
                 for kind in KERNEL if total[kind]["net"] is not None) - k["elsewhere"]
    if k["by_events"] != events:
        bad.append(f"kmem.by_events {k['by_events']}: the kinds without elsewhere add up to "
                   f"{events}: {[total[kind] for kind in KERNEL]}")
    # What tasks left, and what others freed of their accounts, is part of the tasks' `out`.
    nonowner = sum(flow_net(k["by_others"][who]) for who in NONOWNERS) + k["left"] + \
        k["freed_by_others"]
    if flow_net(total["kmem"]["by_others"]) != nonowner:
        bad.append(f"totals.kmem.by_others {total['kmem']['by_others']}, by non-owner, left and "
                   f"freed {nonowner}")
    return bad


def check_rows(r):
    """Checks kernel memory by row, now and at the peak: no row is below 0 or above the total,
    and all rows add up to the total."""
    k, bad = r["kmem"], []
    peak = r["peak"]["weight"]["kernel"]
    rows = {"now": [p["balance"]["kmem"]["net"] for p in r["processes"]],
            "at the peak": [sum(p["at_peak"][kind] or 0 for kind in KERNEL)
                            for p in r["processes"]]}
    rest = {"now": (k["held_before"], k["no_process"]),
            "at the peak": (k["held_before_at_peak"], k["no_process_at_peak"])}
    whole = {"now": r["weight"]["kmem"], "at the peak": peak}
    for t in tasks(r) + r["processes"]:
        who = f"{t['comm']} {t.get('tid', t.get('pid'))}"
        net = (t["kmem"] if "kmem" in t else t["balance"]["kmem"])["net"]
        if net < 0 or t["at_peak"]["kmem"] < 0:
            bad.append(f"{who}: kernel memory below 0: {net}, at the peak {t['at_peak']}")
    for when in rows:
        if min(rest[when]) < 0 or max(rows[when], default=0) > max(whole[when], 0):
            bad.append(f"kmem {when}: a row of {max(rows[when], default=0)}, beside "
                       f"{rest[when]}, of {whole[when]}")
        if k["whole"] and sum(rows[when]) + sum(rest[when]) != whole[when]:
            bad.append(f"kmem {when}: rows {sum(rows[when])} and {rest[when]} are not "
                       f"{whole[when]}")
    return bad


def check_kmem(r):
    """Compares the events of kernel memory with the control group's figures."""
    k, total, bad = r["kmem"], r["totals"], []
    if (k["level"] == "events") != (total["kmem"]["net"] is not None):
        bad.append(f"kmem: level {k['level']}, but totals.kmem is {total['kmem']}")
    if k["level"] != "events":
        known = {"level", "whole", "by_others", "by_cgroup", "unreported"}
        if k["level"] == "cgroup":
            known.add("polled_at_peak")
        bad += all_null("kmem", "all", {n: v for n, v in k.items() if n not in known})
        for who in NONOWNERS:
            bad += all_null("kmem.by_others", who, k["by_others"][who])
        return bad
    bad += check_rows(r)
    if k["whole"]:
        bad += check_own_kmem(r)
    elif total["kmem"]["unattributed"] is not None:
        bad.append(f"totals.kmem of a shared control group: {total['kmem']}")
    if k["by_cgroup"] is None:
        bad += all_null("kmem", "difference, bound", {n: k[n] for n in ("difference", "bound")})
        return bad
    if k["difference"] != k["by_cgroup"] - k["by_events"]:
        bad.append(f"kmem.difference: {k}")
    if k["whole"] and k["difference"] != total["kmem"]["unattributed"]:
        bad.append(f"kmem.difference {k['difference']}, totals.kmem.unattributed "
                   f"{total['kmem']['unattributed']}")
    if is_off(r):
        bad.append(f"kmem: events and control group differ by {k['difference']}, "
                   f"more than {k['bound']}")
    return bad


def check_cgroup(c):
    if c is None:
        return []
    bad, most = [], c["highest"] or {"current": None, "kernel": None}

    def below(low, high, what):
        if low is not None and high is not None and low > high:
            bad.append(f"cgroup: {what}: {low} > {high}")

    below(c["current"], c["peak"], "current above peak")
    below(most["current"], c["peak"], "highest above peak")
    below(c["kernel"], c["kernel_peak"], "kernel above its peak")
    below(most["kernel"], c["kernel_peak"], "highest kernel above its peak")
    if c["own"] and c["others"]:
        bad.append(f"cgroup: own, but {c['others']} others are in it")
    return bad


def sockets_apart(r):
    """Socket buffers outside the events: version 1 counts them apart from kernel memory."""
    c = r["cgroup"]
    return (c["stat"]["sock"] or 0) if c and c["version"] == 1 and r["kmem"]["whole"] else 0


def check_held(r):
    """Checks what the whole workload holds, each byte once."""
    w, c, total, bad = r["weight"], r["cgroup"], r["totals"], []
    sums = {"user": sum(w[k] for k in USER), "kernel": sum(w[k] or 0 for k in KERNEL)}
    sums["total"] = sums["user"] + sums["kernel"]
    sums["rss_sum"] = sum(total[k]["net"] for k in RSS)
    sums["charged"] = c["current"] if c else None
    for name, value in sums.items():
        if w[name] != value:
            bad.append(f"weight.{name}: {w[name]}, should be {value}")
    for kind in USER:
        expected = c["stat"][kind] if w["source"] == "cgroup" else None
        if expected is None:
            expected = total[kind]["net"]
        if w[kind] != expected:
            bad.append(f"weight.{kind}: {w[kind]}, by {w['source']} {expected}")
    for kind in KERNEL:
        if kind == "kmem" and r["kmem"]["level"] == "cgroup":
            continue
        expected = total[kind]["net"]
        if kind == "kmem" and expected is not None:
            expected += sockets_apart(r)
        if w[kind] != expected:
            bad.append(f"weight.{kind}: {w[kind]}, totals {expected}")
    return bad


def no_task_at_peak(r):
    """Kernel memory at the peak that belongs to no process: initial, and by others."""
    if r["kmem"]["level"] != "events" or not r["kmem"]["whole"]:
        return 0
    return r["kmem"]["by_others_at_peak"] + r["totals"]["kmem"]["initial"]


def check_peak(r):
    """Checks the peak of the weight. It is summed in steps of pages, and its parts are read
    one after the other, so it may be off by a few pages and 1/256."""
    peak, bad = r["peak"]["weight"], []
    slack = peak["bound"] + (64 << 10) + peak["total"] // 256
    if peak["total"] != peak["user"] + peak["kernel"]:
        bad.append(f"peak.weight: {peak}")
    parts = sum(p["at_peak"]["weight"] for p in r["processes"]) + no_task_at_peak(r)
    parts += (r["kmem"]["polled_at_peak"] or 0) + (r["kmem"]["drift_at_peak"] or 0)
    polled = r["kmem"]["level"] == "cgroup"  # misses what comes and goes between two polls
    if parts > peak["total"] + slack or (parts < peak["total"] - slack and not polled):
        bad.append(f"peak.weight {peak}: processes and others add up to {parts}")
    if polled:
        return bad
    held = sum(r["totals"][k]["net"] or 0 for k in KINDS) - (
        r["totals"]["kmem"]["unattributed"] or 0)
    if peak["total"] + slack < held:
        bad.append(f"peak.weight {peak} is below the end's {held}")
    most = max((s["rss"] + s["non_rss"] for s in r["series"]), default=0)
    if peak["total"] + slack < most:
        bad.append(f"peak.weight {peak} is below the series' {most}")
    return bad


def check_times(r):
    """The command ended before the report, and nothing of it later than that."""
    late = [name for name in ("command_ns", "last_end_ns")
            if r[name] is not None and r[name] > r["duration_ns"]]
    return [f"{name} {r[name]} is after duration_ns {r['duration_ns']}" for name in late]


def sums_by(rows, key, types):
    """The sums of the rows' sample types, by key(row number)."""
    sums = {}
    for i in range(len(rows["node"])):
        of = sums.setdefault(key(i), dict.fromkeys(types, 0))
        for t in types:
            of[t] += rows[t][i]
    return sums


def check_profile(r):
    """No stack holds more than it grew, except what no task grew (task -1). Sums over a task or a
    process are the ledger's."""
    if "profile" not in r:
        return []
    p, bad, types = r["profile"], [], ("grown", "live_peak", "live_end")
    e, live = p["entries"], types[1:]
    for i in range(len(e["node"])):
        row = {t: e[t][i] for t in types}
        most = row["grown"] if e["task"][i] >= 0 else sys.maxsize
        if min(row.values()) < 0 or max(row[t] for t in live) > most:
            bad.append(f"profile: entry {i} of task {e['task'][i]}: {row}")
    kind = lambda i: p["kinds"][e["kind"][i]]
    for (at, k), held in sums_by(e, lambda i: (e["process"][i], kind(i)), types).items():
        process = r["processes"][at]
        ledger = {"grown": sum(t[k]["in"] or 0 for t in process["tasks"]),
                  "live_peak": max(process["at_peak"][k] or 0, 0),
                  "live_end": max(process["balance"][k]["net"] or 0, 0)}
        if held != ledger:
            bad.append(f"profile: pid {process['pid']}: {k}: {held}, ledger {ledger}")
    v = p["virtual"] or {}
    bad += [f"profile: mapped {b}, untouched {u}"
            for b, u in zip(v.get("bytes", ()), v.get("untouched", ())) if not 0 <= u <= b]
    return bad


def unexplained(r, unseen):
    """The entries of books.unattributed that must be 0 and are not."""
    off = dict(r["books"]["unattributed"])
    if off["pagetable"] is not None and abs(off["pagetable"]) <= unseen:
        del off["pagetable"]
    if off["kmem"] is None or abs(off["kmem"]) <= (r["kmem"]["bound"] or 0):
        del off["kmem"]  # its own check prints more
    if r["totals"]["kstack"]["net"] is None:
        del off["kstack"]
    return {k: v for k, v in off.items() if v != 0}


def check(r, balanced=True, unseen=0, detail=False):
    """The faults of a report, as a list of texts. `unseen`: bytes of page tables that may have
    come without an event (reading maps the zero page). `detail`: it may have lost detail."""
    bad = []
    if r["schema"] != "tare.report/2":
        bad.append(f"schema: {r['schema']}")
    if balanced and r["books"]["balanced"] is not True:
        bad.append(f"books: {r['books']}")
    if balanced and unexplained(r, unseen):
        bad.append(f"unattributed: {unexplained(r, unseen)}")
    if any(r["lost"][k] for k in r["lost"] if not (detail and k in DETAIL + ("total",))):
        bad.append(f"lost: {r['lost']}")
    for p in r["processes"]:
        bad += check_process(p)
    bad += check_totals(r) + check_kmem(r) + check_cgroup(r["cgroup"])
    bad += check_held(r) + check_peak(r) + check_times(r) + check_profile(r)
    net = sum(r["totals"][kind]["net"] for kind in RSS)
    if r["peak"]["rss"] + r["peak"]["bound"] < net:
        bad.append(f"peak {r['peak']} is below the end's {net}")
    return bad


def check_dump(r):
    """A dump of the black box: nothing waited for the last records of what was just ending. So the
    net of such a process may be anything, but not that of a group that ran out of memory: all of it
    was noted at the kill."""
    i, bad = r["incident"], []
    for p in r["processes"]:
        bad += [b for b in check_equation(p) if "ended with" not in b and "net is" not in b]
    spans = [i["span_ns"][w] for w in ("1s", "10s", "60s")]
    if spans != sorted(spans) or spans[2] > 61 * 10**9:
        bad.append(f"windows {spans}")
    if i["held_ns"] > i["time_ns"] + 10**9:
        bad.append(f"held at {i['held_ns']}, long after {i['time_ns']}")
    for x in i["grew"]:
        if x["sort"] == "function" and not 0 <= x["grown"]["1s"] <= x["grown"]["60s"]:
            bad.append(f"function {x}")
        if x["sort"] != "function" and x["held"] < 0:
            bad.append(f"held {x}")
    return bad


def names(r):
    return {
        "r": r, "count": count, "tasks": tasks(r), "processes": r["processes"], "RSS": RSS,
        "KINDS": KINDS,
        "KERNEL": KERNEL,
        "pids": [p["pid"] for p in r["processes"]],
        "by_comm": lambda comm: [t for t in tasks(r) if t["comm"] == comm],
        "proc": lambda comm: [p for p in r["processes"] if p["comm"] == comm],
        "rss": lambda p: sum(p["balance"][kind]["net"] for kind in RSS),
        "causes": lambda t: {c["cause"]: c for c in t["causes"]},
    }


def main(argv):
    if len(argv) < 3 or argv[1] not in ("check", "rows-check", "dump-check", "get", "assert"):
        print(__doc__, file=sys.stderr)
        return 2
    bad = []
    if argv[1] == "rows-check":
        bad = [f"{path}: {b}" for path in argv[2:] for b in check_rows(load(path))]
    elif argv[1] == "dump-check":
        bad = [f"{path}: {b}" for path in argv[2:] for b in check_dump(load(path))]
    elif argv[1] == "check":
        bad = [f"{path}: {b}" for path in argv[2:] for b in check(load(path))]
    elif argv[1] == "get":
        print(eval(argv[3], names(load(argv[2]))))
    else:
        env = names(load(argv[2]))
        bad = [f"not so: {e}" for e in argv[3:] if not eval(e, env)]
    print("\n".join(bad), end="\n" if bad else "", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
