"""Starts of a law with parameters shared by groups: from the fit of each group alone, and of all points together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import ScalingError
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.laws.grouped import GroupedLaw

Starter = Callable[[Problem], Array]
ENOUGH = 1  # points more than parameters with which a group is fitted alone


def group_starts(problem: Problem, law: GroupedLaw, first: Starter) -> Array:
    """Starts `(starts, k)`: shared parameters at the median of the groups' own values, and at each group's value.

    `first` gives the blind starts of a problem.
    """
    codes = problem.columns[law.column]
    pooled = _fitted(problem, law, np.ones(len(codes), dtype=bool), first)
    alone = []
    for number in range(len(law.labels)):
        points = codes == number
        is_enough = int(points.sum()) >= len(law.inner.names) + ENOUGH
        found = _fitted(problem, law, points, first) if is_enough else None
        alone.append(found if found is not None else pooled)
    known = [raw for raw in alone if raw is not None]
    if not known:
        return np.clip(np.zeros((1, len(law.names))), problem.low, problem.high)
    middle = np.median(known, axis=0)
    rows = []
    for common in [middle, *known]:
        row = np.zeros(len(law.names))
        for places, raw in zip(law.index, alone, strict=True):
            row[places] = middle if raw is None else raw
        row[[law.names.index(name) for name in law.shared]] = [
            common[law.inner.names.index(name)] for name in law.shared
        ]
        rows.append(row)
    # Coefficients keep the size of their terms in the middle of the data when shared exponents change.
    return np.clip(problem.off_zero(_recentred(problem, law, np.array(rows), alone, middle)), problem.low, problem.high)


def _recentred(problem: Problem, law: GroupedLaw, raw: Array, alone: list[Array | None], middle: Array) -> Array:
    """Centred coordinates of starts, in which each group's own coordinates are those of its own fit."""
    theta = raw @ problem.shift.T + problem.offset
    own = np.zeros(len(law.names))
    for places, found in zip(law.index, alone, strict=True):
        own[places] = middle if found is None else found
    centred = problem.shift @ own + problem.offset
    is_own = np.array([name not in law.shared for name in law.names])
    return np.asarray(np.where(is_own, centred, theta))


def _fitted(problem: Problem, law: GroupedLaw, points: Array, first: Starter) -> Array | None:
    """Coordinates `(k,)` on raw inputs of the inner law fitted to some points; None where that fails."""
    try:
        part = problem_from_arrays(
            law.inner,
            {name: values[points] for name, values in problem.columns.items() if name != law.column},
            problem.observed[points],
            np.arange(int(points.sum())),
            problem.space,
        )
        found = minimise(part, first(part), delta=np.inf)
    except (ScalingError, np.linalg.LinAlgError):
        return None
    if not np.isfinite(found.value).any():
        return None
    return np.asarray(part.uncentred(found.theta[[np.argmin(found.value)]])[0])
