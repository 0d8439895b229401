"""What a point of a training curve knows of its run's learning rate: the area so far, and the drops before it.

At each point stand the log of the area under the schedule and, for each of at most `GROUPS` groups of neighbouring
drops, their summed size, the steps and the log area gone by since, and the log of the rate they led to. Between
checkpoints the rate is taken as straight; before the first as a linear warm-up from zero. A rise before the run's
highest rate is warm-up, and no drop.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Indices, Inputs
from scaling_cli.record import Record

GROUPS = 64  # of drops: near the limit of ever more, at checkpoints some hundred steps apart
SMALLEST_RATE = 1e-3  # of the run's highest: a rate that falls to zero counts as this


def histories(step: Array, rate: Array, run: Array) -> dict[str, Array]:
    """Area `(n,)` and drops `(n, GROUPS)` at each point; `run` numbers the runs of the points."""
    n = len(step)
    shapes = {"area": (n,), **dict.fromkeys(("drop", "steps-since", "area-since", "rate-after"), (n, GROUPS))}
    found: dict[str, Array] = {name: np.zeros(shape) for name, shape in shapes.items()}
    for one in np.unique(run):
        rows = np.flatnonzero(run == one)
        rows = rows[np.argsort(step[rows], kind="stable")]
        for name, values in _history(step[rows], rate[rows]).items():
            found[name][rows] = values
    return found


def _history(step: Array, rate: Array) -> dict[str, Array]:
    """The same of one run's points, from their steps and rates in order."""
    rate = np.maximum(rate, SMALLEST_RATE * max(float(rate.max()), 1e-300))
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
    group = np.minimum((share[:-1] / max(share[-1], 1e-300) * GROUPS).astype(int), GROUPS - 1)
    edges = np.searchsorted(group, np.arange(GROUPS + 1))
    last = np.minimum(np.arange(1, len(step) + 1)[:, None], edges[None, 1:])
    last = np.maximum(last, edges[None, :-1])

    def within(values: Array) -> Array:
        total = np.concatenate([[0.0], np.cumsum(values)])
        sums: Array = total[last] - total[edges[:-1]][None]
        return sums

    weight = within(size)
    found = {"area": np.log(area), "drop": within(fall)}
    for name, values in middle.items():
        found[name] = within(size * values) / np.where(weight > 0, weight, 1.0)
    found["steps-since"] = np.where(weight > 0, step[:, None] - found["steps-since"], 0.0)
    since = np.maximum(area[:, None] - found["area-since"], 1e-12 * area[-1])
    found["area-since"] = np.where(weight > 0, np.log(since), 0.0)
    return found


class Drops(Record):
    """Points and the drops before them, without the empty places: arrays `(pairs,)`, sorted by point."""

    drop: Array
    steps: Array
    area: Array
    rate: Array
    points: Indices  # those with any drop
    first: Indices  # place of each such point's first pair

    def summed(self, worth: Array, n: int) -> Array:
        """Sums over the drops of each point `(replicates, n)`, of values of pairs `(replicates, pairs)`."""
        total = np.zeros((len(worth), n))
        if len(self.first):
            total[:, self.points] = np.add.reduceat(worth, self.first, axis=1)
        return total


def drops_before(inputs: Inputs) -> Drops:
    """Those of `histories`, wherever there is one."""
    drop = inputs["drop"]
    row, place = np.nonzero(drop)
    points, first = np.unique(row, return_index=True)
    steps, area, rate = (inputs[name][row, place] for name in ("steps-since", "area-since", "rate-after"))
    return Drops(drop[row, place], steps, area, rate, points, first)
