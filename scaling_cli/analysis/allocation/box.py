"""The lowest value of smooth functions in the unit box, one function for each replicate, all at once.

Each step is Newton's, by central differences, with the absolute values of the eigenvalues of the second derivatives, so
that it also leads downhill where the function bends down (a saddle-free step, Nocedal & Wright 2006, section 3.4).
Coordinates at an edge that the slope presses against stay there. Of several lengths of the step, the lowest value
decides. A start is the lowest of evenly spread points (the additive recurrence of the plastic number, which fills a box
of any dimension).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Indices
from scaling_cli.record import Record

DIFFERENCE = 1e-4  # of the box: error of slopes 1e-8, of second derivatives 1e-8, by truncation and by rounding
LENGTHS = np.array([1.0, 0.5, 0.2, 0.05, 0.01, 1e-3])  # of a step, as shares of Newton's
LONGEST = 0.25  # of the box, for one step along one coordinate
MOST_STEPS = 60
SETTLED = 1e-9  # of the box
FLATTEST = 1e-10  # of the largest bend: flatter directions are taken as this flat
REFINED = 6  # starts of the estimate that are refined
SPREAD = 512  # points from which they are chosen

Objective: TypeAlias = Callable[[Indices, Array], Array]  # rows (r,) and places (r, s, m) to values (r, s)


class Lowest(Record):
    """The lowest place `(replicates, m)` in the unit box and the value `(replicates,)` there."""

    place: Array
    value: Array


def spread_points(count: int, size: int) -> Array:
    """Evenly spread points `(count, size)` in the unit box."""
    ratio = 2.0
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (size + 1))
    steps = ratio ** -np.arange(1, size + 1)
    points: Array = (0.5 + np.outer(np.arange(1, count + 1), steps)) % 1.0
    return points


def lowest(objective: Objective, replicates: int, size: int) -> Lowest:
    """The lowest place of each replicate; the replicates after the first start where the first ends."""
    design = spread_points(SPREAD, size)
    first: Indices = np.array([0])
    values = _finite(objective(first, design[None]))[0]
    tried = design[np.argsort(values)[:REFINED]]
    found = [descend(objective, first, start[None]) for start in tried]
    best = min(found, key=lambda each: float(each.value[0]))
    if replicates == 1:
        return best
    rows: Indices = np.arange(1, replicates)
    others = descend(objective, rows, np.repeat(best.place, replicates - 1, axis=0))
    others = _elsewhere(objective, rows, others, design)
    return Lowest(np.concatenate([best.place, others.place]), np.concatenate([best.value, others.value]))


def _elsewhere(objective: Objective, rows: Indices, found: Lowest, design: Array) -> Lowest:
    """The places found, or lower ones, where one of the spread points is lower than the place found."""
    values = _finite(objective(rows, np.repeat(design[None, ::4], len(rows), axis=0)))
    at = np.argmin(values, axis=1)
    lower = np.flatnonzero(values[np.arange(len(rows)), at] < found.value)
    if not len(lower):
        return found
    again = descend(objective, rows[lower], design[::4][at[lower]])
    place, value = found.place.copy(), found.value.copy()
    place[lower], value[lower] = again.place, again.value
    return Lowest(place, value)


def descend(objective: Objective, rows: Indices, start: Array) -> Lowest:
    """The lowest place near `start` `(r, m)` for the replicates `rows` `(r,)`."""
    place = np.clip(start, 0.0, 1.0)
    value = _finite(objective(rows, place[:, None]))[:, 0]
    active: Indices = np.arange(len(rows))
    for _ in range(MOST_STEPS):
        step = _newton(objective, rows[active], place[active])
        trials = np.clip(place[active, None] + LENGTHS[:, None] * step[:, None], 0.0, 1.0)
        values = _finite(objective(rows[active], trials))
        at, own = np.argmin(values, axis=1), np.arange(len(active))
        is_lower = values[own, at] < value[active]
        moved = np.where(is_lower[:, None], trials[own, at], place[active])
        change = np.abs(moved - place[active]).max(axis=1)
        place[active], value[active] = moved, np.where(is_lower, values[own, at], value[active])
        active = active[change > SETTLED]
        if not len(active):
            break
    return Lowest(place, value)


def _newton(objective: Objective, rows: Indices, place: Array) -> Array:
    """The step `(r, m)` of each replicate, with coordinates that press against an edge left where they are."""
    slope, bend = _derivatives(objective, rows, place)
    is_held = ((place <= 0.0) & (slope > 0)) | ((place >= 1.0) & (slope < 0))
    free = ~is_held
    bend = bend * (free[:, :, None] & free[:, None, :])
    diagonal = np.arange(place.shape[1])
    bend[:, diagonal, diagonal] += is_held
    curvature, axes = np.linalg.eigh(bend)
    curvature = np.abs(curvature)
    floor = np.maximum(FLATTEST * curvature.max(axis=1, keepdims=True), ALMOST_ZERO)
    along = np.einsum("rij,ri->rj", axes, slope * free) / np.maximum(curvature, floor)
    step = -np.einsum("rij,rj->ri", axes, along) * free
    longest = np.maximum(np.abs(step).max(axis=1, keepdims=True) / LONGEST, 1.0)
    return np.asarray(step / longest)


def _derivatives(objective: Objective, rows: Indices, place: Array) -> tuple[Array, Array]:
    """Slopes `(r, m)` and second derivatives `(r, m, m)` at `place`, by differences inside the box."""
    count, size = place.shape
    middle = np.clip(place, DIFFERENCE, 1.0 - DIFFERENCE)
    pairs = [(i, j) for i in range(size) for j in range(i)]
    moves = np.zeros((1 + 2 * size + 2 * len(pairs), size))
    for i in range(size):
        moves[1 + 2 * i, i], moves[2 + 2 * i, i] = 1.0, -1.0
    for index, (i, j) in enumerate(pairs):
        at = 1 + 2 * size + 2 * index
        moves[at, [i, j]], moves[at + 1, [i, j]] = 1.0, -1.0
    values = _finite(objective(rows, middle[:, None] + DIFFERENCE * moves))
    here, up, down = values[:, :1], values[:, 1 : 1 + 2 * size : 2], values[:, 2 : 2 + 2 * size : 2]
    bend = np.zeros((count, size, size))
    diagonal = np.arange(size)
    bend[:, diagonal, diagonal] = (up - 2 * here + down) / DIFFERENCE**2
    for index, (i, j) in enumerate(pairs):
        at = 1 + 2 * size + 2 * index
        both = values[:, at] + values[:, at + 1] + 2 * here[:, 0]
        bend[:, i, j] = bend[:, j, i] = (both - up[:, i] - down[:, i] - up[:, j] - down[:, j]) / (2 * DIFFERENCE**2)
    slope = (up - down) / (2 * DIFFERENCE) + np.einsum("rij,rj->ri", bend, place - middle)
    return slope, bend


def _finite(values: Array) -> Array:
    """Values with a large number where there is none, which no place with a value exceeds."""
    return np.nan_to_num(values, nan=1e6, posinf=1e6, neginf=1e6)
