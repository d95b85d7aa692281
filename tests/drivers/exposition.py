"""Reads the text exposition format of Prometheus (version 0.0.4) by its rules, and complains of whatever breaks one."""

import math
import re

METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|(?=\}))')
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}


class Malformed(Exception):
    pass


class Family:
    def __init__(self, name):
        self.name, self.help, self.type = name, None, None
        self.samples = {}  # (name, frozenset of labels) -> value, in order


def parse(text):
    """{name: Family} of a whole text."""
    if not text.endswith("\n"):
        raise Malformed("the last line does not end")
    families, current = {}, None
    for line in text[:-1].split("\n"):
        if not line or (line.startswith("#") and not re.match(r"# (HELP|TYPE) ", line)):
            continue  # empty lines and comments say nothing
        if line.startswith("#"):
            kind, name, rest = (line.split(" ", 3) + [""])[1:4]
            if not METRIC_NAME.fullmatch(name):
                raise Malformed(f"no metric's name: {line}")
            if current is None or current.name != name:
                if name in families:
                    raise Malformed(f"the lines of {name} do not stand together")
                current = families[name] = Family(name)
            if current.samples:
                raise Malformed(f"{kind} of {name} after its samples")
            if getattr(current, kind.lower()) is not None:
                raise Malformed(f"a second {kind} of {name}")
            if kind == "TYPE" and rest not in TYPES:
                raise Malformed(f"no type: {line}")
            setattr(current, kind.lower(), rest)
            continue
        name, labels, value = sample(line)
        if current is None or not belongs(name, current):
            raise Malformed(f"a sample outside its metric: {line}")
        if (name, labels) in current.samples:
            raise Malformed(f"a series twice: {line}")
        current.samples[name, labels] = value
    for family in families.values():
        check(family)
    return families


def sample(line):
    name = METRIC_NAME.match(line)
    if not name:
        raise Malformed(f"no metric's name: {line}")
    at, labels = name.end(), {}
    if line[at : at + 1] == "{":
        at += 1
        while line[at : at + 1] != "}":
            label = LABEL.match(line, at)
            if not label or label[1] in labels:
                raise Malformed(f"labels: {line}")
            labels[label[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label[2])
            at = label.end()
        at += 1
    value = re.fullmatch(r"[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*", line[at:])
    if not value:
        raise Malformed(f"value: {line}")
    return name[0], frozenset(labels.items()), number(value[1], line)


def number(text, line):
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|[+-]?Inf", text):
        raise Malformed(f"no number: {line}")
    return float(text)


def belongs(name, family):
    suffixes = ["_bucket", "_sum", "_count"] if family.type == "histogram" else [""]
    return name in [family.name + suffix for suffix in suffixes]


def check(family):
    name = family.name
    if family.type is None or not family.help:
        raise Malformed(f"{name} has no TYPE or no HELP")
    if not family.samples:
        raise Malformed(f"{name} has no sample")
    if family.type == "counter":
        if not name.endswith("_total"):
            raise Malformed(f"{name}: a counter ends in _total")
        if any(value < 0 or not math.isfinite(value) for value in family.samples.values()):
            raise Malformed(f"{name}: a counter that cannot be")
    if family.type == "gauge" and re.search(r"_(total|count|sum|bucket)$", name):
        raise Malformed(f"{name}: a gauge with the ending of another type")
    if family.type == "histogram":
        check_histogram(family)


def check_histogram(family):
    series = {}  # labels without le -> [(bound, count)]
    for (name, labels), value in family.samples.items():
        rest = frozenset(pair for pair in labels if pair[0] != "le")
        if name == family.name + "_bucket":
            if len(labels) == len(rest):
                raise Malformed(f"{name}: a bucket without a bound")
            series.setdefault(rest, []).append((number(dict(labels)["le"], name), value))
        elif len(labels) != len(rest):
            raise Malformed(f"{name}: a bound where none belongs")
    for labels, buckets in series.items():
        if buckets != sorted(buckets) or [c for _, c in buckets] != sorted(c for _, c in buckets):
            raise Malformed(f"{family.name}: buckets do not ascend")
        if not math.isinf(buckets[-1][0]):
            raise Malformed(f"{family.name}: no bucket for everything")
        if family.samples.get((family.name + "_count", labels)) != buckets[-1][1]:
            raise Malformed(f"{family.name}: _count is not what the last bucket holds")
        if (family.name + "_sum", labels) not in family.samples:
            raise Malformed(f"{family.name}: no _sum")
    if len(family.samples) != sum(len(buckets) + 2 for buckets in series.values()):
        raise Malformed(f"{family.name}: a _sum or _count without buckets")
