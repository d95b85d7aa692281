#!/usr/bin/env python3
"""igraph's connected components, behind a dictionary from identifiers to numbers. Edges as an array of NumPy: faster
than pairs."""

import events
import trial


def run(all_events, _):
    import igraph  # pylint: disable=import-outside-toplevel
    import numpy  # pylint: disable=import-outside-toplevel
    from numbering import numbered  # pylint: disable=import-outside-toplevel

    columns = events.columns(all_events)

    def work():
        values, sources, targets = numbered(columns)
        graph = igraph.Graph(len(values), numpy.column_stack([sources, targets]))
        return values, graph.connected_components("weak").membership

    seconds, (values, labels) = trial.timed(work)
    return trial.Outcome(seconds, len(all_events), zip(values, labels), igraph.__version__)


if __name__ == "__main__":
    trial.main(run)
