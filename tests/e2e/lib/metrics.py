#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Reads what /metrics answers.

metrics.py value FILE NAME [LABEL=VALUE]…   the sum of all series with these labels
metrics.py rises FILE FILE…                 no counter is smaller than in a file before
metrics.py adds FILE                        control groups add up to the machine, names to groups
metrics.py labels FILE                      no label of a pid or a tid, no two equal series
metrics.py documented FILE MAN              each family is in the manual, and none besides
"""
import re
import sys

SERIES = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def read(path):
    """{(name, ((label, value), …)): number}"""
    series = {}
    for line in open(path):
        if line.startswith("#"):
            continue
        m = SERIES.match(line.rstrip("\n"))
        if not m:
            sys.exit(f"{path}: not a sample: {line!r}")
        labels = tuple(sorted(LABEL.findall(m[2] or "")))
        if (m[1], labels) in series:
            sys.exit(f"{path}: twice: {line!r}")
        series[m[1], labels] = float(m[3])
    return series


def total(series, name, **labels):
    return sum(v for (n, ls), v in series.items()
               if n == name and all((k, w) in ls for k, w in labels.items()))


def rises(paths):
    last = {}
    for path in paths:
        for key, value in read(path).items():
            if not key[0].endswith("_total"):
                continue
            if value < last.get(key, 0):
                sys.exit(f"{path}: {key} fell from {last[key]} to {value}")
            last[key] = value


def compare(what, of, whole, parts, lost):
    """Counters of what lost its place, or is gone, are in no series."""
    if whole != parts and not (lost and what.endswith("_total") and parts < whole):
        sys.exit(f"{what}: {of} {whole}, its parts {parts}")


def adds(path):
    s = read(path)
    # A control group that came after the last tick has no path yet, and no series.
    named = sum(n == "tare_cgroup_processes" for n, _ in s) - len(("(other)", "(unknown)"))
    unnamed = total(s, "tare_groups", state="shown") - named
    for what in ("memory_in_bytes_total", "memory_out_bytes_total", "page_faults_total",
                 "processes_started_total", "resident_memory_bytes", "processes", "threads"):
        machine, groups = total(s, "tare_machine_" + what), total(s, "tare_cgroup_" + what)
        compare(what, "machine", machine, groups, total(s, "tare_groups_replaced_total") +
                total(s, "tare_groups_gone_total") + unnamed)
        for cgroup in {dict(ls)["cgroup"] for (n, ls) in s if n == "tare_name_" + what}:
            one = total(s, "tare_cgroup_" + what, cgroup=cgroup)
            names = total(s, "tare_name_" + what, cgroup=cgroup)
            # Names lose their places only where there are more than the limit.
            many = sum(n == "tare_name_processes" and ("cgroup", cgroup) in ls for (n, ls) in s)
            compare(what, cgroup, one, names,
                    many >= total(s, "tare_groups_limit", of="names"))


def labels(path):
    for name, pairs in read(path):
        for key, _ in pairs:
            if key in ("pid", "tid", "argv", "exe"):
                sys.exit(f"{name} has the label {key}")


def families(path):
    return {line.split()[2] for line in open(path) if line.startswith("# TYPE")}


def documented(path, man):
    there = set(re.findall(r"tare_[a-z_]+[a-z]", open(man).read().replace("\\", "")))
    printed = set()
    for name in families(path):
        # The manual has each leaf once, for all three scopes.
        printed.add(re.sub(r"^tare_(machine|cgroup|name)_(?!info)", "tare_SCOPE_", name))
    text = open(man).read()
    missing = [n for n in printed if n.replace("tare_SCOPE_", "") not in text]
    if missing:
        sys.exit(f"not in the manual: {sorted(missing)}")
    extra = [n for n in there if not any(f.startswith(n) for f in families(path)) and
             n not in ("tare_books_balanced", "tare_books_off_bytes", "tare_agent_maps_bytes")]
    if extra:
        sys.exit(f"only in the manual: {sorted(extra)}")


def main(what, *args):
    if what == "value":
        pairs = dict(a.split("=", 1) for a in args[2:])
        print(int(total(read(args[0]), args[1], **pairs)))
    elif what == "rises":
        rises(args)
    else:
        globals()[what](*args)


main(*sys.argv[1:])
