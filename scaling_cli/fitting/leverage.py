"""Residuals of runs as they would be had the fit not bent towards them.

A run pulls the fit towards itself, so its residuals are smaller than its errors: by I - H_gg where H is the hat matrix
of the linearised problem. Divided by it, they are the residuals of the run under the fit without it (the jackknife,
or CR3 of Bell and McCaffrey 2002). Under a robust objective a residual pulls with psi(r) = u r, u = min(1, delta/|r|),
while the curvature is that of the points inside delta, on average a share E psi' of them all:

    H = sqrt(u) J (J' W J)^-1 J' W sqrt(u) / E psi',    E psi' = P(|z| < delta / scale) for Gaussian z.
"""

from __future__ import annotations

from math import erf, sqrt

import numpy as np

from scaling_cli.fitting.objective import SMALLEST_DELTA, robust_scale
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.laws import Array, Flags

# What is left of a run's error in its residual is never taken to be less: a run that alone decides leaves nothing,
# and dividing by nothing would make its replicates senseless. Simulated: intervals from ten runs of a law with five
# parameters twice as wide as needed without this.
LEAST_LEFT = 0.2
RANK = 1e-12  # of the largest singular value


def free_jacobian(fitted: Fitted) -> Array:
    """The Jacobian of the predictions `(n, free)`, of the coordinates that are not at a bound."""
    problem = fitted.problem
    jacobian = problem.residuals(fitted.theta[None])[1][0]
    return np.asarray(jacobian[:, is_free(fitted)])


def is_free(fitted: Fitted) -> Flags:
    """Which coordinates `(k,)` are not at a bound."""
    return (fitted.theta > fitted.problem.low) & (fitted.theta < fitted.problem.high)


def curvature(fitted: Fitted) -> float:
    """The mean second derivative of the objective's function of a residual: 1 for least squares."""
    if not np.isfinite(fitted.delta):
        return 1.0
    scale = max(robust_scale(residuals(fitted), len(fitted.theta)), SMALLEST_DELTA)
    return max(erf(fitted.delta / scale / sqrt(2)), 1e-300)


def residuals(fitted: Fitted) -> Array:
    """Observed less predicted `(n,)`, in the problem's space."""
    return np.asarray(fitted.problem.residuals(fitted.theta[None])[0][0])


def freed_residuals(fitted: Fitted) -> Array:
    """Residuals `(n,)` of each run under the fit without it."""
    problem, residual = fitted.problem, residuals(fitted)
    pull = np.sqrt(np.minimum(1.0, fitted.delta / np.maximum(np.abs(residual), 1e-300)) * problem.weights)
    half = _half_inverse(fitted)
    # Rows whose squared lengths are the leverages: H = rows @ rows.T between the points of a run.
    rows = pull[:, None] * (free_jacobian(fitted) @ half) / sqrt(curvature(fitted))
    order = np.argsort(problem.runs, kind="stable")
    edges = np.searchsorted(problem.runs[order], np.arange(problem.run_count + 1))
    single = np.diff(edges) == 1
    alone = order[edges[:-1][single]]
    freed = residual.copy()
    freed[alone] /= np.maximum(1.0 - np.einsum("nk,nk->n", rows[alone], rows[alone]), LEAST_LEFT)
    for run in np.flatnonzero(~single):
        points = order[edges[run] : edges[run + 1]]
        left, size, _ = np.linalg.svd(rows[points], full_matrices=False)
        along = left.T @ (residual[points] * pull[points])
        gain = 1.0 / np.maximum(1.0 - size**2, LEAST_LEFT) - 1.0
        freed[points] += (left @ (gain * along)) / pull[points]
    return freed


def _half_inverse(fitted: Fitted) -> Array:
    """A matrix `(free, free)` whose product with its transpose inverts J' W J."""
    weighted = np.sqrt(fitted.problem.weights)[:, None] * free_jacobian(fitted)
    _, size, right = np.linalg.svd(weighted, full_matrices=False)
    kept = size > RANK * size[0]
    return np.asarray(right.T * np.where(kept, 1.0 / np.where(kept, size, 1.0), 0.0))


def bread(fitted: Fitted) -> Array:
    """The inverse of the objective's mean Hessian `(free, free)`."""
    half = _half_inverse(fitted)
    return np.asarray(half @ half.T) / curvature(fitted)


def freedom(fitted: Fitted) -> float:
    """Degrees of freedom of what the runs tell about their own scatter.

    Independent points have runs less parameters, exactly so for a linear law. Where runs have several points, the
    parameters are partly told within runs, and at least half of the runs' own freedom remains.
    """
    runs, parameters = fitted.problem.run_count, int(is_free(fitted).sum())
    left = float(runs - parameters)
    if runs < len(fitted.problem.observed):
        left = max(left, (runs - 1) / 2)
    return max(left, 1.0)
