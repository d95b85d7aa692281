"""Union-find over the events of one commit, for stores that are asked and told a whole commit at once.

A store keeps two tables: the component of each identifier, and for each component that was merged away the one that
it is part of now (never one that was merged away itself), so that a merge rewrites no identifier and a look-up reads
at most two rows.
"""


class Numbering:
    """Gives out the numbers of new components. Of two that merge the older one, with the smaller number, stays."""

    def __init__(self, first):
        self.next = first

    def unite(self, commit, known):
        """`known`: components that the store has. Returns rows to add, and pairs (merged away, into)."""
        first_new = self.next
        into = {}
        added = []

        def root_of(component):
            while component in into:
                component = into[component]
            return component

        for event in commit:
            roots = {root_of(known[i]) for i in event if i in known}
            if roots:
                root = min(roots)
            else:
                root = self.next
                self.next += 1
            for other in roots:
                if other != root:
                    into[other] = root
            for i in event:
                if i not in known:
                    known[i] = root
                    added.append(i)
        rows = sorted((i, root_of(known[i])) for i in added)  # in the order of the index: neighbours share a page
        return rows, [(c, root_of(c)) for c in into if c < first_new]


def values_of(commit):
    return sorted({i for event in commit for i in event})
