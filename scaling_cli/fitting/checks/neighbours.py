"""Whether residuals at neighbouring inputs resemble each other, as they do around a hump that a law cannot follow.

The statistic is the sum of products of the residuals of all pairs of points, each weighted by how near their inputs are
(Zheng 1996): zero on average if the law fits, whatever the shape of the misfit that it is to find. A bend or a wave of
known form is found more easily by a test of that form (see `adequacy`); this one finds the others.

Its distribution comes from the residuals with random signs, fitted again to first order (wild bootstrap; Wu 1986), so
noise of uneven size and heavy tails raise no false alarm. Points of one run, or of equal inputs, have one sign, and
pairs of them do not count: that runs at equal inputs err together is another finding (see `repeats`).

In the same way, pairs with one equal input show that runs of one size share an error, as they do if a learning rate
or a shape is chosen for each size: one error then counts as many times as there are runs of that size.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from scaling_cli.arrays import Array, Indices, numbered_columns

NEIGHBOURS = 4.0  # whose products count, per point, on average
LEAST_LEFT = 0.2  # of a residual after the pull of its own point
FIRST, ALL = 199, 2_199  # sign patterns: the first show whether it is worth drawing all of them
CHUNK = 500
FEWEST, MOST = 8, 600  # clusters; points
FEWEST_LEVELS, LEAST_SHARED = 5, 1.5  # values of an input; clusters for each of them, on average
BISECTIONS = 14


def neighbour_p_value(inputs: Array, residual: Array, basis: Array, runs: Indices) -> float:
    """The p-value of residuals that resemble those of neighbours; 1 where there are too few points, or too many.

    Args:
        inputs: Each point's inputs `(n, d)`, in logs, scaled to [-1, 1].
        residual: Weighted residuals `(n,)`, without their part along the basis.
        basis: An orthonormal basis `(n, k)` of what the law can follow.
        runs: The number of each point's run `(n,)`.
    """
    clusters = _clusters(inputs, runs)
    if not _is_testable(clusters):
        return 1.0
    return _alike(_nearness(inputs, clusters), residual, basis, clusters)


def equal_p_value(inputs: Array, place: int, residual: Array, basis: Array, runs: Indices) -> float:
    """The p-value of residuals that resemble each other where one input is equal, the one at `place` of `inputs`.

    It is 1 where few points have an equal value of it. The other arguments are those of `neighbour_p_value`.
    """
    clusters = _clusters(inputs, runs)
    levels = numbered_columns(inputs[:, [place]].T)
    count = int(levels.max()) + 1
    if not _is_testable(clusters) or count < FEWEST_LEVELS or int(clusters.max()) + 1 < LEAST_SHARED * count:
        return 1.0
    is_pair = (levels[:, None] == levels[None]) & (clusters[:, None] != clusters[None])
    return _alike(is_pair.astype(float), residual, basis, clusters)


def _is_testable(clusters: Indices) -> bool:
    return int(clusters.max()) + 1 >= FEWEST and len(clusters) <= MOST


def _alike(nearness: Array, residual: Array, basis: Array, clusters: Indices) -> float:
    """The p-value of residuals that resemble each other in pairs, of which `nearness` `(n, n)` has the weights."""
    count = int(clusters.max()) + 1
    size = float(residual @ residual)
    if not nearness.any() or size <= 0:
        return 1.0
    asked = float(residual @ nearness @ residual) / size
    left = np.maximum(1.0 - np.einsum("nk,nk->n", basis, basis), LEAST_LEFT)
    freed = residual / np.sqrt(left)
    reached = drawn = 0
    for signs in _signs(count):
        turned = signs[:, clusters] * freed
        turned -= (turned @ basis) @ basis.T
        reached += int(np.sum(np.einsum("rn,rn->r", turned @ nearness, turned) >= asked * (turned**2).sum(axis=1)))
        drawn += len(signs)
        if drawn == FIRST and reached > 0.02 * FIRST:
            break
    return (1 + reached) / (1 + drawn)


def _signs(count: int) -> Iterator[Array]:
    """Random signs of so many clusters, `(rows, count)`: `FIRST` rows, and then those up to `ALL`."""
    yield _first_signs(count)
    generator = random.Random(1)
    for drawn in range(FIRST, ALL, CHUNK):
        yield _drawn(generator, min(CHUNK, ALL - drawn), count)


@lru_cache(8)
def _first_signs(count: int) -> Array:
    signs = _drawn(random.Random(0), FIRST, count)
    signs.flags.writeable = False
    return signs


def _drawn(generator: random.Random, rows: int, count: int) -> Array:
    # Python's own generator: to import that of numpy takes a twentieth of the time of a small fit.
    signs = np.unpackbits(np.frombuffer(generator.randbytes(-(-rows * count // 8)), np.uint8), count=rows * count)
    drawn = signs.reshape(rows, count).astype(np.float64)
    return 2.0 * drawn - 1.0


def _clusters(inputs: Array, runs: Indices) -> Indices:
    """The number of each point's run, or of its inputs where each run is one point."""
    several = int(runs.max()) + 1 < len(runs)
    return runs if several else numbered_columns(inputs.T)


def _nearness(inputs: Array, clusters: Indices) -> Array:
    """The weight of each pair of points `(n, n)`, by the distance of their inputs."""
    squares = ((inputs[:, None] - inputs[None]) ** 2).sum(axis=2)
    apart = clusters[:, None] != clusters[None]
    low, high = 1e-3, 10.0
    for _ in range(BISECTIONS):  # bisect for the width at which a point has this many neighbours
        width = (low * high) ** 0.5
        near = np.exp(-squares / (2 * width**2)) * apart
        low, high = (width, high) if near.sum() < NEIGHBOURS * len(inputs) else (low, width)
    return np.asarray(near)
