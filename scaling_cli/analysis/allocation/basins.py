"""Where a law falls towards an end of all params, the lowest loss that has higher losses on both sides.

Some laws, such as Farseer, are written for the sizes of real models and fall again without end far beyond them. The
split that is meant then lies in the valley before that.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.record import Record

DEPTH = 1e-4  # of log loss, by which both sides of a valley must be higher


class Valley(Record):
    """Places on a grid: the lowest loss of a valley, and the highest losses on both sides of it."""

    start: int
    bottom: int
    stop: int


def valley(losses: Array) -> Valley | None:
    """The valley with the lowest log loss in `losses` `(n,)` along a grid; None if there is no valley."""
    is_rise = np.diff(losses) > 0
    turns = np.flatnonzero(is_rise[1:] & ~is_rise[:-1]) + 1
    tops = np.concatenate([[0], np.flatnonzero(~is_rise[1:] & is_rise[:-1]) + 1, [len(losses) - 1]])
    found = []
    for bottom in turns:
        start, stop = int(tops[tops < bottom].max()), int(tops[tops > bottom].min())
        if min(losses[start], losses[stop]) > losses[bottom] + DEPTH:
            found.append(Valley(start, int(bottom), stop))
    return min(found, key=lambda each: float(losses[each.bottom]), default=None)


def nearest_minimum(losses: Array, place: int) -> tuple[Indices, Flags]:
    """For each row of `losses` `(replicates, n)` the local minimum inside the grid nearest to `place`.

    The second array says which rows have one.
    """
    middle = losses[:, 1:-1]
    is_lowest = (middle < losses[:, :-2]) & (middle <= losses[:, 2:])
    away = np.where(is_lowest, np.abs(np.arange(1, losses.shape[1] - 1) - place), losses.shape[1])
    return np.argmin(away, axis=1) + 1, np.asarray(is_lowest.any(axis=1))
