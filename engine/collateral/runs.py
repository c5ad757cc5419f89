"""Runs of equal values along lanes: a (rows, lanes) table kept as a few intervals of every row."""

from typing import NamedTuple

import numpy as np

from engine.collateral.kernels import Ints


class LaneRuns(NamedTuple):
    """Intervals of lanes with one value: those of row k are start[k] .. start[k + 1].

    start (K + 1,), begin, end, value (G,), all int64.
    """

    start: Ints
    begin: Ints
    end: Ints
    value: Ints


def runs_of_lanes(table: Ints) -> LaneRuns:
    """Runs of a (K, A) table; cells under 0 belong to none."""
    n_rows, n_lanes = table.shape
    is_first = np.ones(table.shape, dtype=np.bool_)
    is_first[:, 1:] = table[:, 1:] != table[:, :-1]
    row, begin = np.nonzero(is_first)
    end = np.append(begin[1:], n_lanes)
    end[end <= begin] = n_lanes
    value = table[row, begin]
    kept = value >= 0
    start = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row[kept], minlength=n_rows), out=start[1:])
    return LaneRuns(start, begin[kept].astype(np.int64), end[kept].astype(np.int64), value[kept].astype(np.int64))
