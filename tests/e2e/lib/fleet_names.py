#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""fleet_names.py METRICS FILE…: each metric, label and value of a label in these files (rules,
dashboards, manuals) is in METRICS, a text that /metrics answered; prints how many there were."""
import json
import re
import sys

# Labels that a Prometheus server adds, or its rules.
ADDED = {"job", "fleet", "instance", "host", "severity", "alertname"}
# Labels whose values are tare's own words.
WORDS = {"kind", "state", "what", "of", "result"}
METRIC = re.compile(r"\btare_[a-z_]*[a-z]\b(?:\s*\{([^{}]*)\})?")
MATCH = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*\\?"([^"\\]*)')
GROUPING = re.compile(r"\b(?:by|on|ignoring|without|group_left|group_right)\s*\(([^()]*)\)")


def known_metrics(path):
    """{metric: {label: values}}"""
    known = {}
    for line in open(path):
        if line.startswith("# TYPE "):
            known.setdefault(line.split()[2], {})
        elif not line.startswith("#"):
            name, labels = re.match(r"([a-z_]+)(?:\{(.*)\})? ", line).groups()
            for key, value in re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels or ""):
                known.setdefault(name, {}).setdefault(key, set()).add(value)
    return known


def text_of(path):
    """What has queries in it; of a dashboard only these."""
    text = open(path).read()
    if not path.endswith(".json"):
        return re.sub(r"^\s*#.*$", "", text, flags=re.M).replace(r"\e", "\\")
    panels = json.loads(text)["panels"]
    return "\n".join(t["expr"] + " " + re.sub(r"\{\{ *(\w+) *\}\}", r"by (\1)",
                                              t.get("legendFormat", ""))
                     for panel in panels for t in panel.get("targets", []))


def faults(known, path):
    text = text_of(path)
    every = ADDED.union(*known.values())
    for m in METRIC.finditer(text):
        name = m[0].split("{")[0].strip()
        if name not in known:
            yield f"{path}: there is no metric {name}"
            continue
        for label, how, value in MATCH.findall(m[1] or ""):
            if label not in known[name] and label not in ADDED:
                yield f"{path}: {name} has no label {label}"
            elif label in WORDS and how == "=" and value not in known[name][label]:
                yield f"{path}: {name} has no {label} {value}"
    for m in GROUPING.finditer(text):
        for label in filter(None, re.split(r"[,\s]+", m[1])):
            if label not in every:
                yield f"{path}: no metric has the label {label}"


def main(metrics, *files):
    known = known_metrics(metrics)
    found = [f for path in files for f in faults(known, path)]
    if found:
        sys.exit("\n".join(found))
    print(sum(len(METRIC.findall(text_of(path))) for path in files))


main(*sys.argv[1:])
