"""IsoFLOP budgets: groups of runs with about equal compute and enough sizes for a curve.

Runs planned for one budget seldom use exactly equal compute, and the data may hold other runs as well. So budgets are
the windows of compute with most sizes: a window spans at most a factor of `WINDOW`, has at least `FEWEST_SIZES` sizes,
and the one with most sizes is taken first. If a run has several checkpoints in a window, only the one nearest to its
middle is used, since the others are correlated with it.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Indices
from scaling_cli.record import Record

WINDOW = 1.2  # compute of the largest run of a budget over that of the smallest, at most
SEPARATION = 1.4  # least factor between the centres of two budgets
FEWEST_SIZES = 4  # distinct params that a curve needs


class AllocationPoints(Record):
    """Points as arrays `(n,)`: logs of params, tokens and compute, the loss, and the number of each point's run.

    `clusters` numbers the configurations where these are resampled, because their runs err together.
    """

    log_params: Array
    log_tokens: Array
    log_compute: Array
    loss: Array
    runs: Indices
    clusters: Indices | None = None

    @property
    def resampled(self) -> Indices:
        """The number of what replicates draw: runs, or configurations."""
        return self.runs if self.clusters is None else self.clusters

    @property
    def rates(self) -> tuple[float, float]:
        """The least and the largest compute per param and token: 6 for plain transformers."""
        rate = np.exp(self.log_compute - self.log_params - self.log_tokens)
        return float(rate.min()), float(rate.max())

    def subset(self, index: Indices) -> AllocationPoints:
        """The points with these indices."""
        clusters = None if self.clusters is None else self.clusters[index]
        return AllocationPoints(
            self.log_params[index],
            self.log_tokens[index],
            self.log_compute[index],
            self.loss[index],
            self.runs[index],
            clusters,
        )


class Budget(Record):
    """The points of one budget: their `index` among all points, in order of params, and their mean `log_compute`."""

    log_compute: float
    index: Indices

    @property
    def compute(self) -> float:
        """The budget in FLOPs."""
        return float(np.exp(self.log_compute))


def find_budgets(points: AllocationPoints) -> list[Budget]:
    """The budgets in the data, in order of compute."""
    order = np.argsort(points.log_compute, kind="stable")
    logs, sizes = points.log_compute[order], points.log_params[order]
    free = np.ones(len(order), dtype=bool)
    budgets: list[Budget] = []
    while True:
        window = _fullest(logs, sizes, free)
        if window is None:
            return sorted(budgets, key=lambda budget: budget.log_compute)
        free[window] = False
        centre = float(np.mean(logs[window]))
        if all(abs(centre - other.log_compute) >= np.log(SEPARATION) for other in budgets):
            index = _one_a_run(order[window], points, centre)
            centre = float(np.mean(points.log_compute[index]))
            budgets.append(Budget(centre, index[np.argsort(points.log_params[index], kind="stable")]))


def _one_a_run(index: Indices, points: AllocationPoints, centre: float) -> Indices:
    nearest = index[np.argsort(np.abs(points.log_compute[index] - centre), kind="stable")]
    _, first = np.unique(points.runs[nearest], return_index=True)
    return nearest[np.sort(first)]


def _fullest(logs: Array, sizes: Array, free: np.ndarray) -> Indices | None:
    """Indices of the window of unused points with most distinct sizes; None if no window has enough."""
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
