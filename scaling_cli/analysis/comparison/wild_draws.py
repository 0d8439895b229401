"""Random weights of runs and the residuals that they multiply, for the wild bootstrap of nested fits."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from scaling_cli.analysis.comparison.models import JointProblem
from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.drawing import WEBB, Resampling
from scaling_cli.streams import draws, generators

LEAST_SPREAD = 0.05  # lower limit of 1 - leverage, so that points the fit passes through are not widened without limit
WIDENING = 0.75  # power of 1 - leverage: 1/2 makes draws a little too narrow, and 1, as in the jackknife, too wide
SPREAD_POINTS = 200  # per run: residuals of longer runs are not widened


def wild_weights(resampling: Resampling, replicates: range, runs: Indices) -> Array:
    """A random weight for each point's run `(replicates, n)`: mean 0 and variance 1."""
    return _webb(resampling, replicates, int(runs.max()) + 1)[:, runs]


@lru_cache(maxsize=1)
def _webb(resampling: Resampling, replicates: range, runs: int) -> Array:
    """Webb's weights `(replicates, runs)`, which all pairs of groups of equal size share."""
    signs, chosen, _ = draws(resampling.seed, resampling.group, replicates, runs, sizes=len(WEBB))
    return np.asarray(signs * WEBB[chosen])


@lru_cache(maxsize=1)
def gaussian_draws(resampling: Resampling, replicates: range, points: int) -> Array:
    """Standard normal numbers `(replicates, points)`, which all pairs of groups of equal size share."""
    made = generators(resampling.seed, resampling.group, replicates)
    return np.stack([generator.standard_normal(points) for generator in made])


def widened_residuals(problem: JointProblem, theta: Array, residuals: Array) -> Array:
    """Residuals `(n,)`, with those of each run multiplied by its (I - H)^-3/4.

    This lies between (I - H)^-1/2, which makes residuals as large on average as errors (Bell and McCaffrey 2002), and
    (I - H)^-1, which are the errors of predictions of runs left out (MacKinnon and White 1985).
    """
    sizes = np.bincount(problem.runs)
    free = (theta > problem.low) & (theta < problem.high)
    root = np.sqrt(problem.weights)
    basis, _ = np.linalg.qr(problem.residuals(theta[None])[1][0][:, free] * root[:, None])
    widened = residuals.copy()
    for run in np.flatnonzero((sizes > 0) & (sizes <= SPREAD_POINTS)):
        here = np.flatnonzero(problem.runs == run)
        size, axes = np.linalg.eigh(np.eye(len(here)) - basis[here] @ basis[here].T)
        stretched = axes.T @ (residuals[here] * root[here]) / np.maximum(size, LEAST_SPREAD) ** WIDENING
        widened[here] = (axes @ stretched) / root[here]
    return widened
