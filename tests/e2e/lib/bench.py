#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Results of tare bench, and catalogues for it.

    bench.py assert RESULTS EXPRESSION…  each must be true
    bench.py check RESULTS               checks the schema and what must hold in all results
    bench.py catalogue FILE ENTRY…       writes a catalogue; an ENTRY is a JSON object, whose
                                         missing keys are filled in

In expressions: r (the JSON), row(id), slope(id, part), tare(id, part), runs(id, state) (the
runs weighed in that state), mean(id, state, part, tasks), has(id) (its runs succeeded).
"""

import json
import os
import subprocess
import sys

import jsonschema

USER = ("anon", "file", "shmem", "swap")
KERNEL = ("pagetable", "kstack", "kmem")
SUMS = {"user": USER, "kernel": KERNEL, "weight": USER + KERNEL, "rss": USER[:3]}


def tare(*argv):
    return json.loads(subprocess.run([os.environ["TARE"], "bench", "report", *argv], check=True,
                                     stdout=subprocess.PIPE).stdout)


class Results:
    def __init__(self, path):
        self.r = tare(path, "--format", "json")

    def row(self, name):
        return next(row for row in self.r["rows"] if row["id"] == name)

    def part(self, name, part):
        row = self.row(name)
        return row["kinds"][part] if part in row["kinds"] else row[part]

    def runs(self, name, state="steady"):
        return [run for run in self.row(name)["runs"] if run["state"] == state]

    def mean(self, name, state, part, tasks):
        some = [run[part] for run in self.runs(name, state) if run["tasks"] == tasks]
        return sum(some) / len(some)

    def names(self):
        return {"r": self.r, "row": self.row, "runs": self.runs, "mean": self.mean,
                "slope": lambda name, part: self.part(name, part)["slope"],
                "tare": lambda name, part: self.part(name, part)["tare"],
                "has": lambda name: self.row(name)["status"] == "ok"}

    def check(self):
        bad = [f"{list(e.absolute_path)}: {e.message}" for e in
               jsonschema.Draft202012Validator(tare("--schema")).iter_errors(self.r)]
        for row in self.r["rows"]:
            for run in row["runs"]:
                for name, parts in SUMS.items():
                    known = [run[part] for part in parts]
                    total = None if None in known else sum(known)
                    if run[name] != total:
                        bad.append(f"{row['id']}, {run['tasks']}: {name} {run[name]}, not {total}")
                if run["ready_s"] is not None and run["outcome"] == "ok" and not run["after"]:
                    bad += [f"{row['id']}: ready, {key}: {run[key]}"
                            for key in ("ready_s", "time_s") if run[key] is None or run[key] > 60]
        return bad


DEFAULTS = {"language": "sh", "family": "sleep", "task": "one", "root": "bookworm", "build": None,
            "version": "echo 1.0", "needs": [], "packages": [], "max": 1000, "limits": None,
            "stackful": False, "after": False}


def write(path, entries):
    workloads = [{**DEFAULTS, "title": f"the {e['id']}", **e} for e in map(json.loads, entries)]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"schema": "tare.workloads/1", "workloads": workloads}, file, indent=1)


def main(verb, path, *words):
    if verb == "catalogue":
        return write(path, words)
    results = Results(path)
    if verb == "check":
        bad = results.check()
    else:
        names = results.names()
        bad = [word for word in words if not eval(word, names)]  # pylint: disable=eval-used
        bad += [json.dumps(results.r)] if bad else []
    print("\n".join(bad), end="")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
