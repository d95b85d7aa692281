#!/usr/bin/env python3
"""networkx's connected components over the strings themselves, as it is used: its graphs are dictionaries already."""

import itertools

import events
import trial


def run(all_events, _):
    import networkx  # pylint: disable=import-outside-toplevel

    first, second, third = events.columns(all_events)

    def work():
        graph = networkx.Graph()
        graph.add_edges_from(zip(first, second))
        graph.add_edges_from((a, b) for a, b in zip(first, third) if b is not None)
        return list(networkx.connected_components(graph))

    seconds, groups = trial.timed(work)
    labels = itertools.chain.from_iterable(zip(group, itertools.repeat(n)) for n, group in enumerate(groups))
    return trial.Outcome(seconds, len(all_events), labels, networkx.__version__)


if __name__ == "__main__":
    trial.main(run)
