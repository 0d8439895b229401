"""Non-negative least squares of many small systems at once."""

from __future__ import annotations

import itertools

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Flags, Indices
from scaling_cli.fitting.normal import solve_positive

FEW_COLUMNS = 7  # up to here all sets of columns are tried
RIDGE = 1e-13  # of the diagonal: keeps collinear columns solvable


# Losses near the limits of floats overflow, and a misfit of NaN never compares as better, so such starts are not taken.
@np.errstate(over="ignore", invalid="ignore")
def non_negative(
    basis: Array, weights: Array, target: Array | None = None, signed: Flags | None = None
) -> tuple[Array, Array]:
    """Non-negative least squares of `basis @ coefficients = target`, for many bases at once.

    Args:
        basis: Shaped (G, n, p). With few columns all sets of them are tried, 2^p - 1; with more than `FEW_COLUMNS`,
            columns with negative coefficients are left out until there are none.
        weights: Shaped (n,), or (problems, n) where each problem has as many of the bases, one after the other.
        target: Shaped (G, n); ones by default.
        signed: Which columns may have negative coefficients, shaped (p,); none by default.

    Returns:
        Coefficients (G, p) and weighted sums of squared residuals (G,).
    """
    target = np.ones(basis.shape[:2]) if target is None else target
    free = np.zeros(basis.shape[2], dtype=bool) if signed is None else signed
    each = weights if weights.ndim == 1 else np.repeat(weights, len(basis) // len(weights), axis=0)
    weighted = np.swapaxes(basis * each[..., None], 1, 2)
    matrix = np.matmul(weighted, basis)
    scale = 1.0 / np.maximum(np.sqrt(np.einsum("gpp->gp", matrix)), ALMOST_ZERO)
    matrix *= scale[:, :, None] * scale[:, None, :]
    right = np.matmul(weighted, target[:, :, None])[:, :, 0] * scale
    squares = (target * target).reshape(*weights.shape[:-1], -1, weights.shape[-1])
    total = np.matmul(squares, weights[..., None]).reshape(-1)
    if basis.shape[2] > FEW_COLUMNS:
        best, misfit = _pruned(matrix, right, total, free)
        return best * scale, misfit
    best = np.zeros(right.shape)
    misfit = total.copy()
    for active in _sets(basis.shape[2]):
        block = matrix[:, active[:, None], active] + RIDGE * np.eye(len(active))
        solved = solve_positive(block, right[:, active])
        rss = total - np.einsum("ga,ga->g", solved, right[:, active])
        better = ((solved >= 0) | free[active]).all(axis=1) & (rss < misfit)
        misfit = np.where(better, rss, misfit)
        complete = np.zeros(right.shape)
        complete[:, active] = solved
        best = np.where(better[:, None], complete, best)
    with np.errstate(over="ignore"):  # a coefficient may overflow at a node far from the data
        return best * scale, misfit


def _pruned(matrix: Array, right: Array, total: Array, free: Flags) -> tuple[Array, Array]:
    """Coefficients `(G, p)` and sums of squares by leaving out columns whose coefficient is negative."""
    p = right.shape[1]
    active = np.ones(right.shape, dtype=bool)
    solved: Array = np.zeros(right.shape)
    for _ in range(p):
        kept = active[:, :, None] & active[:, None, :]
        block = np.where(kept, matrix, 0.0) + np.eye(p) * np.where(active, RIDGE, 1.0)[:, :, None]
        solved = np.asarray(np.linalg.solve(block, np.where(active, right, 0.0)[:, :, None])[:, :, 0], dtype=float)
        wrong = active & (solved < 0) & ~free
        if not wrong.any():
            break
        active = active & ~wrong
    solved = np.where(active & (free | (solved >= 0)), solved, 0.0)
    misfit: Array = total - 2 * np.einsum("gp,gp->g", solved, right) + np.einsum("gp,gpq,gq->g", solved, matrix, solved)
    return solved, np.maximum(misfit, 0.0)


def _sets(columns: int) -> list[Indices]:
    return [
        np.array(chosen) for size in range(1, columns + 1) for chosen in itertools.combinations(range(columns), size)
    ]
