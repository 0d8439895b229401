"""The global optimum from a blind start, by variable projection.

Given its exponents, a law is linear in its coefficients, and the best non-negative ones follow exactly. So a grid over
the exponents alone, the coefficients solved at each node, maps the whole landscape; the best nodes are then polished on
the exact objective (Golub and Pereyra 1973; for scaling laws Open-Athena/vpnls). The grid works on relative
residuals, a stand-in for log residuals that is linear in the coefficients.
"""

from __future__ import annotations

import itertools

import numpy as np

from scaling_cli.fitting.problem import Problem
from scaling_cli.laws import Array, Indices

POLISHED = 8  # nodes of the grid that are polished
GRID_POINTS = 2_000  # points at most behind the grid: it only has to find the basin
RIDGE = 1e-13  # of the diagonal: keeps collinear columns solvable


def starts(problem: Problem, count: int = POLISHED) -> Array:
    """The `count` most promising coordinates `(count, k)`, best first."""
    n = len(problem.observed)
    if n > GRID_POINTS:
        order = np.argsort(problem.observed, kind="stable")
        problem = problem.subset(order[np.linspace(0, n - 1, GRID_POINTS).astype(int)])
    grid = problem.law.grid(problem.inputs)
    coefficients, misfit = non_negative(grid.basis / problem.observed[:, None], problem.weights)
    best = np.argsort(misfit, kind="stable")[:count]
    return np.clip(problem.roused(grid.theta(coefficients)[best]), problem.low, problem.high)


def non_negative(basis: Array, weights: Array) -> tuple[Array, Array]:
    """Non-negative least squares of `basis @ coefficients = 1`, for many bases at once.

    Args:
        basis: Shaped (G, n, p), with few columns: all sets of columns are tried, 2^p - 1 of them.
        weights: Shaped (n,).

    Returns:
        Coefficients (G, p) and weighted sums of squared residuals (G,).
    """
    sizes = np.sqrt(np.einsum("gnp,gnp,n->gp", basis, basis, weights))
    scale = 1.0 / np.maximum(sizes, 1e-300)
    weighted = np.swapaxes(basis * weights[:, None], 1, 2)
    matrix = np.matmul(weighted, basis) * scale[:, :, None] * scale[:, None, :]
    right = weighted.sum(axis=2) * scale
    total = float(weights.sum())
    best = np.zeros(right.shape)
    misfit = np.full(len(basis), total)
    for active in _sets(basis.shape[2]):
        block = matrix[:, active[:, None], active] + RIDGE * np.eye(len(active))
        solved = np.linalg.solve(block, right[:, active, None])[:, :, 0]
        rss = total - np.einsum("ga,ga->g", solved, right[:, active])
        better = (solved >= 0).all(axis=1) & (rss < misfit)
        misfit = np.where(better, rss, misfit)
        complete = np.zeros(right.shape)
        complete[:, active] = solved
        best = np.where(better[:, None], complete, best)
    return best * scale, misfit


def _sets(columns: int) -> list[Indices]:
    return [
        np.array(chosen) for size in range(1, columns + 1) for chosen in itertools.combinations(range(columns), size)
    ]
