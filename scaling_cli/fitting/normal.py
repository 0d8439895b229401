"""Damped normal equations, solved for many replicates at once."""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Flags

MANY_COORDINATES = 8  # from here LAPACK is 3 to 30 times faster
TINY = 1e-300


def damped_step(normal: Array, gradient: Array, damping: Array, held: Flags) -> Array:
    """Solve `(H + damping diag H) step = gradient` for every replicate, with coordinates in `held` kept still."""
    k = gradient.shape[1]
    diagonal = np.maximum(np.einsum("rii->ri", normal), TINY)
    scale = 1.0 / np.sqrt(diagonal)
    # Scaled to a unit diagonal first: coordinates differ by orders of magnitude in their effect.
    matrix = normal * scale[:, :, None] * scale[:, None, :]
    right = gradient * scale
    if held.any():
        free = ~held
        matrix *= free[:, :, None] & free[:, None, :]
        right[held] = 0.0
    matrix[:, np.arange(k), np.arange(k)] = 1.0 + damping[:, None]
    step = solve_positive(matrix, right)
    step *= scale
    step[~np.isfinite(step)] = 0.0
    return step


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
    a = np.ascontiguousarray(np.moveaxis(matrix, 0, 2))
    y = np.ascontiguousarray(right.T)
    for j in range(k):
        # A pivot lost to rounding makes a huge step, which is rejected and damped.
        a[j, j:] /= np.sqrt(np.maximum(a[j, j], TINY))
        y[j] /= a[j, j]
        for i in range(j + 1, k):
            a[i, i:] -= a[j, i] * a[j, i:]
            y[i] -= a[j, i] * y[j]
    for j in range(k - 1, -1, -1):
        for i in range(j + 1, k):
            y[j] -= a[j, i] * y[i]
        y[j] /= a[j, j]
    return y.T
