# SPDX-License-Identifier: GPL-2.0-only
"""Compares a report with what a program of known growth says that it did.

The lines are described in tests/programs/prog.h. A fact holds at the checkpoint
that follows it and at the end, unless a later one of the same task replaces it.
"""

import report

VERBS = ("touched", "freed", "caused", "virtual", "inherited", "named", "by_others", "count")
CODE = 1 << 20
CAUSES = {"fault": "page fault"}


def utf8(raw):
    """Replaces each byte that is not UTF-8 by U+FFFD, as tare documents."""
    out, i = "", 0
    while i < len(raw):
        for n in (1, 2, 3, 4):
            try:
                out += raw[i:i + n].decode()
            except UnicodeDecodeError:
                continue
            i += n
            break
        else:
            out += "\ufffd"
            i += 1
    return out


class Facts:
    def __init__(self):
        self.facts = {}
        self.one_mm = []   # sets of pids that share an address space
        self.unseen = 0    # bytes of page tables, until the next checkpoint
        self.skip = None
        self.checked = 0

    def line(self, text):
        words = text.split()
        if not words:
            return
        if words[0] == "skip":
            self.skip = " ".join(words[1:])
        if words[0] == "one_mm":
            self.one_mm.append({int(w.split("=")[1]) for w in words[1:]})
        if words[0] == "unseen":
            self.unseen = int(words[1].split("=")[1])
        if words[0] not in VERBS:
            return
        values = dict(w.split("=", 1) for w in words[1:])
        who = int(values.get("tid") or values.get("pid") or 0)
        key = (words[0], who, values.get("by"), values.get("way"),
               tuple(sorted(set(values) - {"slack"})))
        self.facts[key] = (text, values)

    def check(self, r, at_end=False):
        """The facts with which the report disagrees, as a list of texts."""
        bad = []
        for (verb, who, *_), (text, values) in self.facts.items():
            # At its end a process gives everything back, by its last thread.
            if at_end and verb == "freed" and report.process(r, who):
                continue
            self.checked += 1
            values = dict(values)
            # An ending thread may be the first to run some code.
            if at_end and "file" in values:
                values["slack"] = int(values.get("slack", 0)) + CODE
            try:
                wrong = getattr(self, "check_" + verb)(r, who, values)
            except (KeyError, TypeError) as e:
                wrong = f"the report has no such figure: {e!r}"
            if wrong:
                bad.append(f"{'end: ' if at_end else ''}{text}: {wrong}")
        return bad

    @staticmethod
    def compare(values, got):
        slack = int(values.get("slack", 0))
        for name, said in values.items():
            if name in ("tid", "pid", "by", "way", "slack"):
                continue
            if not int(said) <= got(name) <= int(said) + slack:
                return f"{name} is {got(name)}, {got(name) - int(said):+} bytes"
        return None

    def flow(self, r, tid, values, way):
        t = report.task(r, tid)
        return self.compare(values, lambda kind: t[kind][way]) if t else "no such task"

    def check_touched(self, r, tid, values):
        return self.flow(r, tid, values, "in")

    def check_freed(self, r, tid, values):
        return self.flow(r, tid, values, "out")

    def check_caused(self, r, tid, values):
        t = report.task(r, tid)
        if not t:
            return "no such task"
        name = CAUSES.get(values["by"], values["by"])
        flows = [c for c in t["causes"] if c["cause"] == name] or [{"in": 0, "out": 0}]
        return self.compare(values, lambda way: flows[0][way])

    def check_virtual(self, r, tid, values):
        t = report.task(r, tid)
        return self.compare(values, lambda what: t["virtual"][what]) if t else "no such task"

    def check_inherited(self, r, pid, values):
        p = report.process(r, pid)
        return self.compare(values, lambda k: p["balance"][k]["initial"]) if p else "no process"

    def check_by_others(self, r, pid, values):
        p = report.process(r, pid)
        way = values["way"]
        return self.compare(values, lambda k: p["by_others"][k][way]) if p else "no process"

    def check_named(self, r, tid, values):
        t, want = report.task(r, tid), utf8(bytes.fromhex(values["hex"]))
        if not t:
            return "no such task"
        return None if t["comm"] == want else f"it is {t['comm']!r}, not {want!r}"

    def check_count(self, r, _, values):
        got = {"threads": report.count(report.tasks(r)), "processes": report.count(r["processes"])}
        return self.compare(values, lambda what: got[what])
