"""The learning-rate history of each point of a training curve: the area so far, and the drops before the point.

Each point gets the log of the area under the schedule. Drops of the rate are merged into at most `GROUPS` groups of
neighbours; for each group the point gets the summed size, the steps and the log area since, and the log of the rate
after it. The rate is taken as linear between checkpoints, and as a linear warm-up from zero before the first one. A
rise before the run's highest rate counts as warm-up, not as a (negative) drop.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Indices, Inputs
from scaling_cli.record import Record

GROUPS = 64  # of drops: more change little where checkpoints are about a hundred steps from each other
SMALLEST_RATE = 1e-3  # of the run's highest rate: lower rates, such as zero, are raised to it


def histories(step: Array, rate: Array, run: Array) -> dict[str, Array]:
    """Area `(n,)` and drops `(n, GROUPS)` at each point; `run` gives the number of each point's run."""
    n = len(step)
    shapes = {"area": (n,), **dict.fromkeys(("drop", "steps-since", "area-since", "rate-after"), (n, GROUPS))}
    history: dict[str, Array] = {name: np.zeros(shape) for name, shape in shapes.items()}
    for number in np.unique(run):
        rows = np.flatnonzero(run == number)
        rows = rows[np.argsort(step[rows], kind="stable")]
        for name, values in _history(step[rows], rate[rows]).items():
            history[name][rows] = values
    return history


def _history(step: Array, rate: Array) -> dict[str, Array]:
    """Schedule history of one run's points, from their ordered steps and learning rates."""
    rate = np.maximum(rate, SMALLEST_RATE * max(float(rate.max()), ALMOST_ZERO))
    grown = np.diff(step) * (rate[1:] + rate[:-1]) / 2
    area = 0.5 * rate[0] * step[0] + np.concatenate([[0.0], np.cumsum(grown)])
    fall = np.concatenate([[0.0], rate[:-1] - rate[1:]])
    fall[: int(np.argmax(rate)) + 1] = 0.0
    middle = {
        "steps-since": np.concatenate([[0.0], (step[1:] + step[:-1]) / 2]),
        "area-since": np.concatenate([[0.0], (area[1:] + area[:-1]) / 2]),
        "rate-after": np.log(rate),
    }
    size = np.abs(fall)
    share = np.concatenate([[0.0], np.cumsum(size)])
    group = np.minimum((share[:-1] / max(share[-1], ALMOST_ZERO) * GROUPS).astype(int), GROUPS - 1)
    edges = np.searchsorted(group, np.arange(GROUPS + 1))
    last = np.minimum(np.arange(1, len(step) + 1)[:, None], edges[None, 1:])
    last = np.maximum(last, edges[None, :-1])

    def within(values: Array) -> Array:
        total = np.concatenate([[0.0], np.cumsum(values)])
        sums: Array = total[last] - total[edges[:-1]][None]
        return sums

    weight = within(size)
    history = {"area": np.log(area), "drop": within(fall)}
    for name, values in middle.items():
        history[name] = within(size * values) / np.where(weight > 0, weight, 1.0)
    history["steps-since"] = np.where(weight > 0, step[:, None] - history["steps-since"], 0.0)
    since = np.maximum(area[:, None] - history["area-since"], 1e-12 * area[-1])
    history["area-since"] = np.where(weight > 0, np.log(since), 0.0)
    return history


class Drops(Record):
    """All pairs of a point and a drop before it: arrays `(pairs,)`, sorted by point."""

    drop: Array
    steps: Array
    area: Array
    rate: Array
    points: Indices  # those with at least one drop
    first: Indices  # index of each such point's first pair

    def summed(self, worth: Array, n: int) -> Array:
        """Values of pairs `(replicates, pairs)`, summed over the drops of each point `(replicates, n)`."""
        total = np.zeros((len(worth), n))
        if len(self.first):
            total[:, self.points] = np.add.reduceat(worth, self.first, axis=1)
        return total


def drops_before(inputs: Inputs) -> Drops:
    """The drops in the output of `histories`, without the empty groups."""
    drop = inputs["drop"]
    row, place = np.nonzero(drop)
    points, first = np.unique(row, return_index=True)
    steps, area, rate = (inputs[name][row, place] for name in ("steps-since", "area-since", "rate-after"))
    return Drops(drop[row, place], steps, area, rate, points, first)
