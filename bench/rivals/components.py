"""Components in a form that can be compared: the members of each sorted, the components sorted, hashed."""

import collections
import hashlib


def summary(groups):
    """Of lists of identifiers."""
    lines = sorted("\t".join(sorted(members)) for members in groups)
    text = hashlib.sha256()
    for line in lines:
        text.update(line.encode() + b"\n")
    return {
        "identifiers": sum(line.count("\t") + 1 for line in lines),
        "components": len(lines),
        "digest": text.hexdigest()[:32],
    }


def groups_of(labels):
    """From pairs of identifier and label."""
    groups = collections.defaultdict(list)
    for identifier, label in labels:
        groups[label].append(identifier)
    return groups.values()


def groups_in(path):
    """From a file with a group a line, tabs between and behind its members."""
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n\t").split("\t") for line in file]


def labels_by_union(events):
    """Plain union-find: pairs of identifier and label. What all others are compared with."""
    parent = {}

    def root_of(x):
        while (up := parent[x]) != x:
            parent[x] = x = parent[up]
        return x

    for first, *others in events:
        root = root_of(first) if first in parent else parent.setdefault(first, first)
        for other in others:
            if other not in parent:
                parent[other] = root
            elif (joined := root_of(other)) != root:
                parent[joined] = root
    return [(x, root_of(x)) for x in parent]
