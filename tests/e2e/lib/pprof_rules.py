#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the readers of profiles over HTTP demand: Grafana Alloy, Pyroscope, Parca, the OpenTelemetry
collector and pprof. Their rules are read from their sources; which rule is whose stands beside it.

  pprof_rules.py check URL [SCRAPES [SECONDS_BETWEEN]]   all rules, and those between two scrapes
  pprof_rules.py delta URL                               of an answer to ?seconds=
  pprof_rules.py file FILE...                            the same, of saved answers in a row
  pprof_rules.py sum URL TYPE [FUNCTION]                 bytes of a sample type, below a function
  pprof_rules.py labels URL NAME                         the values of a label
  pprof_rules.py self-test                               broken profiles: each rule finds its own

Exit status 1: a rule is broken; each is printed in a line."""
import gzip
import sys
import time
import urllib.error
import urllib.request

MOST_SAMPLES, MOST_BYTES, MOST_DEPTH = 16000, 4 << 20, 1000
MOST_LABEL_NAMES, MOST_LABELS, MOST_SERIES = 30, 100, 5000
HOUR, AHEAD = 3600, 600  # seconds


# profile.proto, as much of it as there is. Field number -> name, repeated, message.
VALUE_TYPE = {1: ("type", 0, None), 2: ("unit", 0, None)}
LABEL = {1: ("key", 0, None), 2: ("str", 0, None), 3: ("num", 0, None), 4: ("num_unit", 0, None)}
SAMPLE = {1: ("location", 1, None), 2: ("value", 1, None), 3: ("label", 1, LABEL)}
MAPPING = {1: ("id", 0, None), 5: ("filename", 0, None), 6: ("build_id", 0, None)}
LINE = {1: ("function", 0, None), 2: ("line", 0, None)}
LOCATION = {1: ("id", 0, None), 2: ("mapping", 0, None), 3: ("address", 0, None),
            4: ("line", 1, LINE)}
FUNCTION = {1: ("id", 0, None), 2: ("name", 0, None), 3: ("system_name", 0, None),
            4: ("filename", 0, None)}
PROFILE = {1: ("sample_type", 1, VALUE_TYPE), 2: ("sample", 1, SAMPLE), 3: ("mapping", 1, MAPPING),
           4: ("location", 1, LOCATION), 5: ("function", 1, FUNCTION),
           6: ("string_table", 1, bytes),
           7: ("drop_frames", 0, None), 8: ("keep_frames", 0, None), 9: ("time_nanos", 0, None),
           10: ("duration_nanos", 0, None), 11: ("period_type", 0, VALUE_TYPE),
           12: ("period", 0, None),
           13: ("comment", 1, None), 14: ("default_sample_type", 0, None)}


class Malformed(Exception):
    pass


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("a number is cut off")
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value & (1 << 64) - 1, at


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def decode(data, fields):
    out = {name: [] if many else {} if kind is VALUE_TYPE else 0
           for name, many, kind in fields.values()}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        wire, field = tag & 7, fields.get(tag >> 3)
        if wire == 0:
            value, at = varint(data, at)
            values = [signed(value)]
        elif wire == 2:
            size, at = varint(data, at)
            if at + size > len(data):
                raise Malformed("a message is cut off")
            part, at = data[at:at + size], at + size
            if field and field[2] is bytes:
                values = [part.decode()]  # proto3: a string is UTF-8
            elif field and field[2]:
                values = [decode(part, field[2])]
            else:  # packed numbers
                values, k = [], 0
                while field and k < len(part):
                    value, k = varint(part, k)
                    values.append(signed(value))
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
            continue
        else:
            raise Malformed(f"wire type {wire}")
        if field and field[1]:
            out[field[0]] += values
        elif field:
            out[field[0]] = values[-1]
    return out


def number(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def encode(message, fields):
    out = b""
    for tag, (name, many, kind) in fields.items():
        for value in message[name] if many else [message[name]]:
            if kind is None:
                out += number(tag << 3) + number(value)
            else:
                part = value.encode() if kind is bytes else encode(value, kind)
                out += number(tag << 3 | 2) + number(len(part)) + part
    return out


def fetch(url, timeout=300):
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.headers.get("Content-Type"), answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers.get("Content-Type"), e.read()


def answer_faults(status, content_type, body):
    """Alloy: validate.go."""
    if status != 200:
        yield f"status {status}"
    if not (content_type or "").startswith("application/octet-stream"):
        yield f"content type {content_type}"
    if not body:
        yield "the answer is empty"
    elif body.lstrip()[:1] in (b"<", b"{", b"["):
        yield "the answer is text"
    elif body[:2] != b"\x1f\x8b":
        yield "the answer is not gzip'd"


def text(p, i):
    return p["string_table"][i] if 0 <= i < len(p["string_table"]) else None


def index_faults(p):
    """pprof and Parca (normalizer/validate.go): numbers of texts and ids."""
    if not p["string_table"] or p["string_table"][0]:
        yield "string_table[0] is not empty"
    for what in ("mapping", "location", "function"):
        ids = [m["id"] for m in p[what]]
        if ids != list(range(1, len(ids) + 1)):
            yield f"{what} ids have gaps or another order"
    texts = [m[f] for m in p["mapping"] for f in ("filename", "build_id")]
    texts += [m[f] for m in p["function"] for f in ("name", "system_name", "filename")]
    texts += [m[f] for m in p["sample_type"] for f in ("type", "unit")]
    texts += [m[f] for s in p["sample"] for m in s["label"] for f in ("key", "str", "num_unit")]
    texts += p["comment"] + [p["default_sample_type"], p["drop_frames"], p["keep_frames"]]
    if any(text(p, i) is None for i in texts):
        yield "a text is not in the string table"
    for loc in p["location"]:
        if not 0 <= loc["mapping"] <= len(p["mapping"]):
            yield "a location's mapping does not exist"
        functions = [line["function"] for line in loc["line"]]
        if not functions or any(not 1 <= i <= len(p["function"]) for i in functions):
            yield "a location's function does not exist"
    if any(not 1 <= i <= len(p["location"]) for s in p["sample"] for i in s["location"]):
        yield "a sample's location does not exist"


def value_faults(p):
    """Pyroscope: pprof.go (it drops such samples); Parca."""
    types = [text(p, t["type"]) or "" for t in p["sample_type"]]
    if not types or any("-" in t for t in types):
        yield "no sample types, or a '-' in the name of one"
    if len(types) > 4:
        yield "Alloy can take four sample types"
    if any(len(s["value"]) != len(types) for s in p["sample"]):
        yield "a sample has more or fewer values than there are types"
    if any(v < 0 for s in p["sample"] for v in s["value"]):
        yield "a value is below 0"
    if any(not any(s["value"]) for s in p["sample"]):
        yield "all values of a sample are 0"
    if any(not s["location"] for s in p["sample"]):
        yield "a sample has no stack"


def label_faults(p):
    """Pyroscope drops numbers; Parca refuses a label without a key; both make series of them."""
    series, names = set(), set()
    for s in p["sample"]:
        keys = [l["key"] for l in s["label"]]
        if 0 in keys:
            yield "a label has no key"
        if len(keys) != len(set(keys)):
            yield "a sample has a label twice"
        if any(l["num"] or not l["str"] for l in s["label"]):
            yield "a label is a number"
        if len(keys) > MOST_LABELS:
            yield "a sample has too many labels"
        names |= set(keys)
        series.add(tuple((l["key"], l["str"]) for l in s["label"]))
    bad = {"pid", "tid"} & {text(p, k) for k in names}
    if bad:
        yield f"label {bad.pop()}: a new series for each"
    if len(names) > MOST_LABEL_NAMES:
        yield "too many names of labels"
    if len(series) > MOST_SERIES:
        yield "too many series"


def size_faults(p, size):
    """Pyroscope: validation/limits.go."""
    if len(p["sample"]) > MOST_SAMPLES:
        yield "too many samples"
    if size > MOST_BYTES:
        yield "too many bytes"
    if any(len(s["location"]) > MOST_DEPTH for s in p["sample"]):
        yield "a stack is too deep"


def time_faults(p, delta, now):
    """Pyroscope; Parca takes a profile for a difference exactly if it has a duration."""
    age = now - p["time_nanos"] / 1e9
    if not -AHEAD < age < HOUR:
        yield "the time is too old or too new"
    if delta and p["duration_nanos"] <= 0:
        yield "a difference has no duration"
    if not delta and p["duration_nanos"]:
        yield "a duration: Parca takes it for a difference"


def names(p, sample):
    return tuple(text(p, p["function"][p["location"][i - 1]["line"][0]["function"] - 1]["name"])
                 for i in sample["location"])


def files(p, sample):
    return tuple(text(p, p["mapping"][m - 1]["filename"]) if m else ""
                 for m in (p["location"][i - 1]["mapping"] for i in sample["location"]))


def identity(p, sample):
    """Alloy (fastdelta): labels, and the addresses of the locations, nothing else."""
    return (tuple(p["location"][i - 1]["address"] for i in sample["location"]),
            tuple(sorted((text(p, l["key"]), text(p, l["str"])) for l in sample["label"])))


def identity_faults(p):
    met = {}
    for s in p["sample"]:
        what = names(p, s), files(p, s)
        if identity(p, s) in met:
            yield ("two stacks have the same addresses" if met[identity(p, s)] != what else
                   "two samples have the same stack and labels")
        met[identity(p, s)] = what
    if len({l["address"] for l in p["location"]}) != len(p["location"]):
        yield "two locations have the same address"


def pair_faults(before, now):
    """Alloy subtracts alloc_* of two scrapes; Pyroscope drops what is below 0."""
    types = [text(now, t["type"]) for t in now["sample_type"]]
    if types != [text(before, t["type"]) for t in before["sample_type"]]:
        yield "the sample types changed"
        return
    rising = [i for i, t in enumerate(types) if "alloc_" in t]
    was = {identity(before, s): s for s in before["sample"]}
    for s in now["sample"]:
        old = was.get(identity(now, s))
        if not old:
            continue
        if names(now, s) != names(before, old):
            yield "an address stands for another function than before"
        for i in rising:
            if s["value"][i] < old["value"][i]:
                yield f"{types[i]} of {'/'.join(names(now, s)[:3])} fell"
    for i in rising:
        if sum(s["value"][i] for s in now["sample"]) < sum(s["value"][i] for s in before["sample"]):
            yield f"the sum of {types[i]} fell"
    if now["time_nanos"] < before["time_nanos"]:
        yield "time goes backwards"


def profile_faults(data, delta=False, now=None):
    """Yields faults; returns the profile."""
    p = decode(data, PROFILE)
    faults = list(index_faults(p))
    yield from faults
    if not faults:
        for found in (value_faults(p), label_faults(p), size_faults(p, len(data)),
                      time_faults(p, delta, now or time.time()), identity_faults(p)):
            yield from found
    return p


def collect(generator, into):
    """Adds the generator's faults, each once; returns its result."""
    while True:
        try:
            fault = next(generator)
        except StopIteration as end:
            return end.value
        if fault not in into:
            into.append(fault)


def check_answers(answers, delta=False):
    faults, before, p = [], None, None
    for status, content_type, body in answers:
        collect(answer_faults(status, content_type, body), faults)
        if faults:
            break
        try:
            p = collect(profile_faults(gzip.decompress(body), delta), faults)
        except (Malformed, UnicodeDecodeError, OSError, EOFError) as e:
            faults.append(f"malformed: {e}")
            break
        if before and not faults:
            collect(pair_faults(before, p), faults)
        before = p
    return faults, p


def scrapes(url, n, wait):
    for i in range(n):
        if i:
            time.sleep(wait)
        yield fetch(url)


def profile_of(url):
    status, _, body = fetch(url)
    if status not in (200, None):  # None: a file
        raise SystemExit(f"{url}: status {status}")
    return decode(gzip.decompress(body), PROFILE)


def sum_below(p, sample_type, function=None):
    i = [text(p, t["type"]) for t in p["sample_type"]].index(sample_type)
    return sum(s["value"][i] for s in p["sample"]
               if not function or function in names(p, s))


# A good profile, and what breaks it. Each rule must find its own break, or it tests nothing.
def good():
    return {"string_table": ["", "alloc_space", "bytes", "inuse_space", "main", "comm", "prog",
                             "exe", "grow"],
            "sample_type": [{"type": 1, "unit": 2}, {"type": 3, "unit": 2}],
            "sample": [{"location": [2, 1], "value": [10, 5],
                        "label": [{"key": 5, "str": 6, "num": 0, "num_unit": 0}]},
                       {"location": [1], "value": [3, 0], "label": []}],
            "mapping": [{"id": 1, "filename": 7, "build_id": 0}],
            "location": [{"id": i, "mapping": 1, "address": 1000 + i,
                          "line": [{"function": i, "line": 0}]} for i in (1, 2)],
            "function": [{"id": i, "name": n, "system_name": n, "filename": 0}
                         for i, n in ((1, 4), (2, 8))],
            "drop_frames": 0, "keep_frames": 0, "time_nanos": int(time.time() * 1e9),
            "duration_nanos": 0, "period_type": {"type": 1, "unit": 2}, "period": 1, "comment": [],
            "default_sample_type": 3}


def set_at(path, value):
    def change(p):
        for step in path[:-1]:
            p = p[step]
        p[path[-1]] = value
    return change


def add_many(n, location, label=None):
    def change(p):
        for i in range(n):
            p["string_table"].append(f"text {i}")
            made = {"key": 5, "str": len(p["string_table"]) - 1, "num": 0, "num_unit": 0}
            p["sample"].append({"location": location, "value": [1, 1],
                                "label": [made] if label else []})
    return change


BROKEN = [
    ("string_table[0]", set_at(["string_table", 0], "x")),
    ("ids have gaps", set_at(["location", 1, "id"], 3)),
    ("ids have gaps", set_at(["function", 0, "id"], 0)),
    ("text is not in", set_at(["function", 0, "name"], 99)),
    ("text is not in", set_at(["sample", 0, "label", 0, "str"], -1)),
    ("mapping does not exist", set_at(["location", 0, "mapping"], 2)),
    ("function does not exist", set_at(["location", 0, "line"], [])),
    ("location does not exist", set_at(["sample", 0, "location"], [0])),
    ("'-' in the name", set_at(["string_table", 1], "alloc-space")),
    ("four sample types", lambda p: p["sample_type"].extend([{"type": 1, "unit": 2}] * 3)),
    ("more or fewer values", set_at(["sample", 0, "value"], [1])),
    ("below 0", set_at(["sample", 0, "value", 1], -1)),
    ("are 0", set_at(["sample", 1, "value"], [0, 0])),
    ("no stack", set_at(["sample", 1, "location"], [])),
    ("no key", set_at(["sample", 0, "label", 0, "key"], 0)),
    ("label twice", lambda p: p["sample"][0]["label"].append(p["sample"][0]["label"][0])),
    ("label is a number", set_at(["sample", 0, "label", 0, "num"], 7)),
    ("label pid", set_at(["string_table", 5], "pid")),
    ("too many series", add_many(5001, [1], True)),
    ("too many samples", add_many(16001, [1])),
    ("too many bytes", set_at(["string_table", 4], "x" * MOST_BYTES)),
    ("too deep", set_at(["sample", 0, "location"], [1] * 1001)),
    ("too old", set_at(["time_nanos"], 1)),
    ("duration", set_at(["duration_nanos"], 1)),
    ("same stack and labels", lambda p: p["sample"].append(p["sample"][0])),
    ("same address", set_at(["location", 1, "address"], 1001)),
]
BROKEN_PAIR = [
    ("fell", set_at(["sample", 0, "value", 0], 9)),
    ("sum of alloc_space fell", lambda p: p["sample"].pop()),
    ("another function", set_at(["string_table", 8], "shrink")),
    ("types changed", set_at(["string_table", 3], "live")),
    ("backwards", set_at(["time_nanos"], int(time.time() * 1e9) - 10 ** 9)),
]
BROKEN_ANSWER = [
    ("status", (404, "application/octet-stream", b"\x1f\x8b")),
    ("content type", (200, "text/plain", b"\x1f\x8b")),
    ("content type", (200, None, b"\x1f\x8b")),
    ("empty", (200, "application/octet-stream", b"")),
    ("is text", (200, "application/octet-stream", b"<html>")),
    ("is text", (200, "application/octet-stream", b' {"error": 1}')),
    ("not gzip", (200, "application/octet-stream", b"\x0a\x00")),
    ("malformed", (200, "application/octet-stream", gzip.compress(b"\x0a\xff"))),
    ("malformed", (200, "application/octet-stream", gzip.compress(b"\x0f\x01"))),
    ("malformed", (200, "application/octet-stream", b"\x1f\x8b broken")),
]


def answer_of(p):
    return 200, "application/octet-stream", gzip.compress(encode(p, PROFILE), 1)


def self_test():
    failed = []

    def expect(rule, faults):
        if not any(rule in f for f in faults):
            failed.append(f"not found: {rule}: {faults}")

    faults, _ = check_answers([answer_of(good()), answer_of(good())])
    if faults:
        failed.append(f"a good profile has faults: {faults}")
    for rule, change in BROKEN:
        p = good()
        change(p)
        expect(rule, check_answers([answer_of(p)])[0])
    for rule, change in BROKEN_PAIR:
        p = good()
        change(p)
        expect(rule, check_answers([answer_of(good()), answer_of(p)])[0])
    for rule, answer in BROKEN_ANSWER:
        expect(rule, check_answers([answer])[0])
    expect("no duration", check_answers([answer_of(good())], delta=True)[0])
    return failed


def main(command, *rest):
    if command == "self-test":
        faults = self_test()
    elif command == "check":
        n, wait = int(rest[1]) if len(rest) > 1 else 2, float(rest[2]) if len(rest) > 2 else 1
        faults, p = check_answers(scrapes(rest[0], n, wait))
    elif command == "delta":
        faults, p = check_answers([fetch(rest[0])], delta=True)
    elif command == "file":
        faults, p = check_answers([(200, "application/octet-stream", open(f, "rb").read())
                                   for f in rest])
    elif command == "sum":
        print(sum_below(profile_of(rest[0]), *rest[1:]))
        return 0
    elif command == "labels":
        p = profile_of(rest[0])
        print("\n".join(sorted({text(p, l["str"]) for s in p["sample"] for l in s["label"]
                                if text(p, l["key"]) == rest[1]})))
        return 0
    else:
        print(__doc__)
        return 2
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["help"]))
