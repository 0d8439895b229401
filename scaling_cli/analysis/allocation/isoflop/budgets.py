"""IsoFLOP budgets: which runs share one compute, and whether their curve can show a minimum.

Runs planned for one budget seldom spend exactly the same, and a table of runs may hold others besides. So budgets are
the densest windows of compute: a window spans `WINDOW` from its smallest to its largest run, holds at least
`FEWEST_SIZES` sizes, and the fullest is taken first. Of several checkpoints of one run in a window, the nearest to its
middle counts: its neighbours say the same again.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Indices
from scaling_cli.record import Record

WINDOW = 1.2  # compute of the largest run of a budget over that of the smallest, at most
APART = 1.4  # centres of two budgets are at least this factor apart
FEWEST_SIZES = 4  # different params that make a curve


class Points(Record):
    """Runs as arrays `(n,)`: logs of params, tokens and compute, the loss, and the number of each point's run."""

    log_params: Array
    log_tokens: Array
    log_compute: Array
    loss: Array
    runs: Indices

    def subset(self, index: Indices) -> Points:
        """Some of them."""
        return Points(*(getattr(self, name)[index] for name in self.__struct_fields__))


class Budget(Record):
    """Points of one compute: their `index` in all points, in order of params, and the mean `log_compute`."""

    log_compute: float
    index: Indices

    @property
    def compute(self) -> float:
        """FLOPs."""
        return float(np.exp(self.log_compute))


def find_budgets(points: Points) -> list[Budget]:
    """Budgets in order of compute."""
    order = np.argsort(points.log_compute, kind="stable")
    logs, sizes = points.log_compute[order], points.log_params[order]
    free = np.ones(len(order), dtype=bool)
    found: list[Budget] = []
    while True:
        window = _fullest(logs, sizes, free)
        if window is None:
            return sorted(found, key=lambda budget: budget.log_compute)
        free[window] = False
        centre = float(np.mean(logs[window]))
        if all(abs(centre - other.log_compute) >= np.log(APART) for other in found):
            index = _one_a_run(order[window], points, centre)
            centre = float(np.mean(points.log_compute[index]))
            found.append(Budget(centre, index[np.argsort(points.log_params[index], kind="stable")]))


def _one_a_run(index: Indices, points: Points, centre: float) -> Indices:
    nearest = index[np.argsort(np.abs(points.log_compute[index] - centre), kind="stable")]
    _, first = np.unique(points.runs[nearest], return_index=True)
    return nearest[np.sort(first)]


def _fullest(logs: Array, sizes: Array, free: np.ndarray) -> Indices | None:
    """The free window that holds most different sizes, if any holds enough."""
    places = np.flatnonzero(free)
    best: Indices | None = None
    most = FEWEST_SIZES - 1
    ends = np.searchsorted(logs[places], logs[places] + np.log(WINDOW) + 1e-12, side="right")
    for start, end in enumerate(ends):
        if end - start > most:
            inside = places[start:end]
            count = len(np.unique(np.round(sizes[inside], 6)))
            if count > most:
                best, most = inside, count
    return best
