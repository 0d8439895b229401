"""Residuals corrected for leverage, and the degrees of freedom of variances estimated from runs.

A run pulls the fit towards itself, so its residuals are smaller than its errors, by the factor I - H_gg, where H is the
hat matrix of the linearised problem. Divided by this factor, they are the residuals of the run under the fit without it
(the jackknife, CR3). Divided by its square root, they have the variance of the errors if all runs have equal variance
(CR2; Bell and McCaffrey 2002). Under a robust objective a residual pulls with psi(r) = u r, u = min(1, delta / |r|),
and only points inside delta add curvature, on average a share E psi' of all:

    H = sqrt(u) J (J' W J)^-1 J' W sqrt(u) / E psi',    E psi' = P(|z| < delta / scale) for Gaussian z.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import erf, sqrt
from typing import TypeVar

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Flags, Indices, summed
from scaling_cli.fitting.normal import triangles
from scaling_cli.fitting.objective import SMALLEST_DELTA, robust_scale
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.record import Record

# Smallest eigenvalue of I - H_gg that is used. A run that alone determines a parameter has a residual of zero, and
# dividing by its eigenvalue of zero would make its replicates meaningless. In simulations, intervals from ten runs of a
# law with five parameters were twice as wide as needed without this limit. `noise.hidden` adds what is then missing.
LEAST_LEFT = 0.2
RANK = 1e-12  # of the largest singular value
MANY_RUNS = 1_000  # above, runs less parameters are taken as the freedom, without a matrix of runs by runs
UNBIASED, LEFT_OUT = -0.5, -1.0  # powers of I - H: right variance (CR2); residual under the fit without the run (CR3)


Result = TypeVar("Result")


def once(what: Callable[[Fitted], Result]) -> Callable[[Fitted], Result]:
    """A function of a fit whose result is kept with the fit, since many checks ask for it."""
    name = f"{what.__module__}.{what.__qualname__}"

    @wraps(what)
    def kept(fitted: Fitted) -> Result:
        known = vars(fitted)
        if name not in known:
            known[name] = what(fitted)
        result: Result = known[name]
        return result

    return kept


@once
def is_free(fitted: Fitted) -> Flags:
    """Which coordinates `(k,)` are not at a bound."""
    return (fitted.theta > fitted.problem.low) & (fitted.theta < fitted.problem.high)


def free_jacobian(fitted: Fitted) -> Array:
    """The Jacobian of the predictions `(n, free)` in the coordinates that are not at a bound."""
    free = is_free(fitted)
    return np.asarray(fitted.linearised[1] if free.all() else fitted.linearised[1][:, free])


def residuals(fitted: Fitted) -> Array:
    """Observed less predicted `(n,)`, in the problem's space."""
    return fitted.linearised[0]


@once
def curvature(fitted: Fitted) -> float:
    """The mean second derivative of the objective's function of a residual: 1 for least squares."""
    if not np.isfinite(fitted.delta):
        return 1.0
    scale = max(robust_scale(residuals(fitted), len(fitted.theta)), SMALLEST_DELTA)
    return max(erf(fitted.delta / scale / sqrt(2)), ALMOST_ZERO)


@once
def half_inverse(fitted: Fitted) -> Array:
    """A matrix `(free, free)` whose product with its transpose inverts J' W J."""
    weighted = np.sqrt(fitted.problem.weights)[:, None] * free_jacobian(fitted)
    if not weighted.shape[1]:  # all coordinates are at a bound
        return np.empty((0, 0))
    length = np.sqrt(np.einsum("nk,nk->k", weighted, weighted))
    length = np.where(length > 0, length, 1.0)  # coordinates of any unit count equally
    weighted /= length
    _, size, right = np.linalg.svd(triangles(weighted), full_matrices=False)
    kept = size > RANK * size[0]
    return np.asarray(right.T * np.where(kept, 1.0 / np.where(kept, size, 1.0), 0.0)) / length[:, None]


def bread(fitted: Fitted) -> Array:
    """The inverse of the objective's mean Hessian `(free, free)`."""
    half = half_inverse(fitted)
    return np.asarray(half @ half.T) / curvature(fitted)


def freed_residuals(fitted: Fitted, power: float = UNBIASED) -> Array:
    """Residuals `(n,)` of each run with `power` of its I - H applied."""
    rows, pull = hat_rows(fitted)
    return _applied(members(fitted), rows, residuals(fitted) * pull, power) / pull


def hat_rows(fitted: Fitted) -> tuple[Array, Array]:
    """Rows `(n, free)` whose products with each other are H, and the pull `(n,)`, the root of u times the weight."""
    size = np.maximum(np.abs(residuals(fitted)), ALMOST_ZERO)
    pull = np.sqrt(np.minimum(1.0, fitted.delta / size) * fitted.problem.weights)
    rows = free_jacobian(fitted) @ half_inverse(fitted)
    rows *= (pull / sqrt(curvature(fitted)))[:, None]
    return rows, pull


def freedom(fitted: Fitted) -> float:
    """Degrees of freedom of a variance estimated from runs: the median over all quantities.

    They are Satterthwaite's, for the sandwich of Bell and McCaffrey and errors that a run's points share. An exponent
    depends mostly on few runs at the ends of the range, so they are fewer than runs less parameters.
    """
    problem, free = fitted.problem, is_free(fitted)
    least = float(max(problem.run_count - int(free.sum()), 1))
    if problem.run_count > MANY_RUNS:
        return least
    jacobian, half, weights = free_jacobian(fitted), half_inverse(fitted), problem.weights
    inverse = half @ half.T
    root = np.sqrt(weights)
    rows = root[:, None] * (jacobian @ half) / sqrt(curvature(fitted))
    parts = members(fitted)
    sums = _by_run(fitted, weights[:, None] * jacobian)
    degrees = []
    for slope in Quantities(problem).gradients(fitted.theta[None])[0][:, free]:
        effect = _applied(parts, rows, root * (jacobian @ (inverse @ slope)), UNBIASED) * root
        total, size = _moments(
            _by_run(fitted, effect[:, None])[:, 0], _by_run(fitted, effect[:, None] * jacobian) @ inverse, sums
        )
        if size > 0:
            degrees.append(total**2 / size)
    return max(float(np.median(degrees)), 1.0) if degrees else least


def _moments(diagonal: Array, left: Array, right: Array) -> tuple[float, float]:
    """The trace of P, and of P P, for P = S S' with S = diag(diagonal) - left right', without a matrix of runs by runs.

    P is diag(diagonal^2) + W M W' with W = [left, diagonal right], so both follow from sums over runs.
    """
    k = left.shape[1]
    wide = np.concatenate([left, diagonal[:, None] * right], axis=1)
    middle = np.zeros((2 * k, 2 * k))
    middle[:k, :k] = right.T @ right
    middle[:k, k:] = middle[k:, :k] = -np.eye(k)
    squares, inner = diagonal**2, wide.T @ wide @ middle
    along = np.einsum("rk,rk->r", wide @ middle, wide)
    total = float(squares.sum() + np.trace(inner))
    return total, float(squares @ squares + 2 * squares @ along + np.sum(inner * inner.T))


class Members(Record):
    """The points of each run: points of runs with one point, or a slice of all, and one list for each other run."""

    alone: Indices | slice
    together: tuple[Indices, ...]


def members(fitted: Fitted) -> Members:
    """Which points belong to which run."""
    runs = fitted.problem.runs
    if fitted.problem.run_count == len(runs):
        return Members(slice(None), ())
    order = np.argsort(runs, kind="stable")
    edges = np.searchsorted(runs[order], np.arange(fitted.problem.run_count + 1))
    single = np.diff(edges) == 1
    several = tuple(order[edges[run] : edges[run + 1]] for run in np.flatnonzero(~single))
    return Members(order[edges[:-1][single]], several)


def _applied(parts: Members, rows: Array, vector: Array, power: float) -> Array:
    """`(I - H_gg)^power` applied to the part `(n,)` of each run, where H_gg = rows_g rows_g'."""
    product = vector.copy()
    single = rows[parts.alone]
    product[parts.alone] *= np.maximum(1.0 - np.einsum("nk,nk->n", single, single), LEAST_LEFT) ** power
    for points in parts.together:
        left, size, _ = np.linalg.svd(rows[points], full_matrices=False)
        gain = np.maximum(1.0 - size**2, LEAST_LEFT) ** power - 1.0
        product[points] += left @ (gain * (left.T @ vector[points]))
    return product


def _by_run(fitted: Fitted, values: Array) -> Array:
    """Rows `(n, m)` summed within runs `(runs, m)`."""
    return summed(values, fitted.problem.runs, fitted.problem.run_count)
