"""How much of the variance of log losses the levels of a column explain, beyond the inputs and beyond chance."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Flags, Indices
from scaling_cli.fitting.checks.tails import f_tail
from scaling_cli.record import Record

EFFECT = 0.003  # standard deviation of the levels' effects, in log loss; seeds move a loss by about as much
FEWEST_SPARE = 4  # runs beyond the terms of the surface


class Explained(Record):
    """A column with the share of variance that it explains and its number of levels."""

    column: str
    share: float
    levels: int
    chance: float


def surface(logs: Sequence[Array], n: int) -> Array:
    """A smooth surface of the log inputs `(n, terms)`: cubic along one, quadratic along more."""
    scaled = [(x - x.mean()) / x.std() for x in logs if np.ptp(x) > 0]
    terms = [np.ones(n), *scaled]
    richer = [*(x**2 for x in scaled), *(x * y for x, y in itertools.combinations(scaled, 2))]
    richer += [x**3 for x in scaled]
    return np.stack(terms + [term for place, term in enumerate(richer) if n >= 4 * (len(terms) + place + 1)], axis=1)


def left_by(values: Array, basis: Array) -> Array:
    """What the columns of `basis` do not explain of `values`."""
    rest: Array = values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    return rest


def sums(columns: Array, cells: Indices, number: int) -> Array:
    """The sums `(number, k)` of columns `(n, k)` over cells."""
    return np.stack([np.bincount(cells, column, minlength=number) for column in columns.T], axis=1)


def among_others(values: Array, labels: Indices) -> Flags:
    """Which runs `(n,)` lie, along an input, within the range of another level."""
    inside = np.zeros(len(values), dtype=bool)
    for level in range(labels.max() + 1):
        of_level = values[labels == level]
        inside |= (labels != level) & (values >= of_level.min() - 1e-9) & (values <= of_level.max() + 1e-9)
    return inside


def dummies(labels: Indices) -> Array:
    """A column for each level `(n, levels)`, 1 where a run has it and 0 elsewhere."""
    return np.eye(int(labels.max()) + 1)[labels]


def explained_by(name: str, rest: Array, taken: Array, columns: Array, terms: int) -> Explained | None:
    """Whether a column explains what the inputs, with `terms` terms, and the columns taken leave of the log losses.

    `columns` are those taken and the new one's levels; None if too little is left to judge by, or the effect is small.
    """
    fitted_before, fitted = (_fitted(each, rest) for each in (taken, columns))
    before, after = (float(np.sum((rest - each) ** 2)) for each in (fitted_before, fitted))
    old, new = (int(np.linalg.matrix_rank(each, tol=1e-6)) if each.size else 0 for each in (taken, columns))
    spare = len(rest) - terms - new
    if new == old or spare < FEWEST_SPARE or np.sqrt(np.mean((fitted - fitted_before) ** 2)) < EFFECT:
        return None
    chance = f_tail((before - after) / (new - old) / max(after / spare, ALMOST_ZERO), new - old, spare)
    return Explained(name, 1 - (after / spare) / (before / (spare + new - old)), 0, chance)


def _fitted(columns: Array, values: Array) -> Array:
    if not columns.size:
        return np.zeros(len(values))
    fitted: Array = columns @ np.linalg.lstsq(columns, values, rcond=1e-8)[0]
    return fitted
