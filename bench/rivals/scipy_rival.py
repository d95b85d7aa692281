#!/usr/bin/env python3
"""SciPy's connected_components() over a sparse matrix, behind a dictionary from identifiers to numbers.

Tried: numpy.unique() over the strings sorts them and is slower than the dictionary.
"""

import events
import trial


def run(all_events, _):
    import numpy  # pylint: disable=import-outside-toplevel
    import scipy.sparse.csgraph  # pylint: disable=import-outside-toplevel
    from numbering import numbered  # pylint: disable=import-outside-toplevel

    columns = events.columns(all_events)

    def work():
        values, sources, targets = numbered(columns)
        ones = numpy.ones(len(sources), numpy.int8)
        graph = scipy.sparse.csr_matrix((ones, (sources, targets)), shape=(len(values), len(values)))
        return values, scipy.sparse.csgraph.connected_components(graph, directed=False)[1]

    seconds, (values, labels) = trial.timed(work)
    return trial.Outcome(seconds, len(all_events), zip(values, labels.tolist()), scipy.__version__)


if __name__ == "__main__":
    trial.main(run)
