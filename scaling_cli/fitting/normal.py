"""Damped normal equations, solved for many replicates at once."""

from __future__ import annotations

import math

import numpy as np

from scaling_cli.arrays import Array, Flags

MANY_COORDINATES = 8  # from here LAPACK is 3 to 30 times faster
FEW_REPLICATES = 4  # up to which Python is faster than numpy, and gives the same bits
TINY = 1e-300
ROWS = 1 << 14  # of a tall matrix at once: they fit into the cache


def triangles(matrix: Array) -> Array:
    """A matrix of fewer rows with the singular values and right singular vectors of a tall `matrix` `(n, k)`.

    Each stretch of very many rows is replaced by its triangular factor. LAPACK would copy the whole matrix twice.
    """
    if len(matrix) <= ROWS:
        return matrix
    factors = [np.linalg.qr(matrix[first : first + ROWS], mode="r") for first in range(0, len(matrix), ROWS)]
    return np.concatenate(factors)


def damped_step(normal: Array, gradient: Array, damping: Array, held: Flags) -> Array:
    """Solve `(H + damping diag H) step = gradient` for every replicate, with coordinates in `held` kept still."""
    # Replicates last in memory: each operation then passes over all of them at once.
    matrix = normal.transpose(1, 2, 0).copy()
    diagonal = matrix.reshape(-1, len(normal))[:: len(matrix) + 1]
    scale = 1.0 / np.sqrt(np.maximum(diagonal, TINY))
    # Scaled to a unit diagonal first: coordinates differ by orders of magnitude in their effect.
    matrix *= scale[:, None]
    matrix *= scale
    right = gradient.T * scale
    if np.count_nonzero(held):  # any() takes three times as long, which small fits feel
        free = ~held.T
        matrix *= free[:, None] & free
        right[~free] = 0.0
    diagonal[:] = 1.0 + damping
    if len(matrix) < MANY_COORDINATES:
        step = right
        _eliminate(matrix, step)
    else:
        step = solve_positive(matrix.transpose(2, 0, 1), right.T).T
    step *= scale
    step[~np.isfinite(step)] = 0.0
    return step.T


def solve_positive(matrix: Array, right: Array) -> Array:
    """Solve symmetric positive systems `(replicates, k, k)`: by Cholesky on all replicates at once, or by LAPACK.

    For a handful of coordinates, k^2 operations on whole batches are cheaper than one LAPACK call per replicate.
    """
    k = right.shape[1]
    if k >= MANY_COORDINATES:
        try:
            return np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0])
        except np.linalg.LinAlgError:
            pass  # One of them is singular; below, its pivots are guarded.
    y = right.T.copy()
    _eliminate(matrix.transpose(1, 2, 0).copy(), y)
    return y.T


def _eliminate(a: Array, y: Array) -> None:
    """Solve systems `a` `(k, k, replicates)` for right sides `y` `(k, replicates)`, both in place, by Cholesky."""
    k = len(y)
    if y.shape[1] <= FEW_REPLICATES and _eliminate_few(a, y):
        return
    # Rows are named before they change in place: `a[j] /= x` would also copy the row to itself, which small fits feel.
    for j in range(k):
        row, right = a[j, j:], y[j]
        row /= np.sqrt(np.maximum(row[0], TINY))  # a pivot lost to rounding makes a huge step, which is damped
        right /= row[0]
        if j + 1 < k:
            beyond, rest, below = row[1:], a[j + 1 :, j + 1 :], y[j + 1 :]
            rest -= beyond[:, None] * beyond
            below -= beyond * right
    for j in range(k - 1, -1, -1):
        row, right = a[j, j:], y[j]
        if j + 1 < k:
            for part in row[1:] * y[j + 1 :]:
                right -= part
        right /= row[0]


def _eliminate_few(a: Array, y: Array) -> bool:
    """The same with numbers of Python, operation by operation; false, with nothing changed, where one divides by 0."""
    try:
        y[:] = np.array([_eliminated(a[..., i].tolist(), y[:, i].tolist()) for i in range(y.shape[1])]).T
    except ZeroDivisionError:
        return False
    return True


def _eliminated(a: list[list[float]], y: list[float]) -> list[float]:
    k = len(y)
    for j, row in enumerate(a):
        root = math.sqrt(TINY if row[j] <= TINY else row[j])
        for i in range(j, k):
            row[i] /= root
        y[j] = right = y[j] / row[j]
        for i in range(j + 1, k):
            factor, below = row[i], a[i]
            for m in range(i, k):
                below[m] -= factor * row[m]
            y[i] -= factor * right
    for j in range(k - 1, -1, -1):
        row, right = a[j], y[j]
        for i in range(j + 1, k):
            right -= row[i] * y[i]
        y[j] = right / row[j]
    return y
