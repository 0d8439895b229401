"""Laws of the coverage curve: -log C(k) = A k^-b, fitted to the estimates at many k.

The law has two fits. `power-law` is ordinary least squares of log(-log C) on log k (Schaeffer et al. 2025,
arXiv:2502.17578). `exponentiated-power-law` is least squares in C of C = exp(a k^b), with a and b below 0 (Brown et al.
2024, arXiv:2407.21787). The points of a curve come from one set of successes and are correlated, so standard errors
from the residuals are far too small (a 95 % interval of b covered the truth in 13.5 % of simulations), and R2 is
meaningless. Intervals come from resampled problems, so both fits take many curves at once, `(replicates, len(k))`.

If C is 0 or 1, log(-log C) does not exist: such points are left out of their curve, never clipped.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.coverage.counts import Array, Indices, Mask
from scaling_cli.errors import FitError
from scaling_cli.record import Record, replace

POWER, EXPONENTIATED = "power-law", "exponentiated-power-law"
GRID_POINTS = 100  # log-spaced from 1; fewer remain after truncation to whole numbers
FEWEST_POINTS = 3
MOST_STEPS = 60


class CurveLaw(Record):
    """The law -log C(k) = A k^-b in each replicate; the first is the fit to the data.

    It was fitted to points up to k = `last`; `dropped` points had a coverage of 0 or 1 and were left out.
    """

    name: str
    log_coefficient: Array
    exponent: Array
    dropped: int
    last: int

    def log_minus_log(self, k: Array) -> Array:
        """log(-log C) at each k, `(replicates, len(k))`."""
        return np.asarray(self.log_coefficient[:, None] - np.outer(self.exponent, np.log(k)))

    def coverage(self, k: Array) -> Array:
        """C at each k, `(replicates, len(k))`."""
        return np.asarray(np.exp(-np.exp(self.log_minus_log(k))))


def log_grid(largest: int, points: int = GRID_POINTS) -> Indices:
    """Log-spaced whole numbers from 1 to `largest`, each once."""
    grid = np.logspace(0, np.log10(largest), points).astype(np.int64)
    grid[-1] = largest  # 10**log10(x) may be slightly less than x
    return np.unique(grid)


def fit_power_law(k: Array, coverage: Array) -> CurveLaw:
    """Least squares of log(-log C) on log k for each row of `coverage` `(replicates, len(k))`.

    Raises:
        FitError: The first row has fewer than three points between 0 and 1.
    """
    x, y, usable = _transformed(k, coverage)
    weight = usable / np.maximum(usable.sum(axis=1, keepdims=True), 1)
    x_mean, y_mean = (weight * x).sum(axis=1), (weight * y).sum(axis=1)
    across = weight * (x - x_mean[:, None])
    with np.errstate(all="ignore"):
        slope = (across * (y - y_mean[:, None])).sum(axis=1) / (across * (x - x_mean[:, None])).sum(axis=1)
    slope[usable.sum(axis=1) < FEWEST_POINTS] = np.nan
    last = int(np.asarray(k)[usable[0]].max())
    return CurveLaw(POWER, y_mean - slope * x_mean, -slope, int((~usable[0]).sum()), last)


def fit_exponentiated(k: Array, coverage: Array) -> CurveLaw:
    """Least squares in C of C = exp(a k^b) for each row, by damped Gauss-Newton from the fit in logs.

    Raises:
        FitError: The first row has fewer than three points between 0 and 1.
    """
    x, _, usable = _transformed(k, coverage)
    start = fit_power_law(k, coverage)
    target = np.where(usable, coverage, 0.0)
    theta = np.stack([start.log_coefficient, start.exponent], axis=1)
    damping = np.full(len(theta), 1e-3)
    residual, slopes = _exponentiated(theta, x, target, usable)
    value = (residual**2).sum(axis=1)
    for _ in range(MOST_STEPS):
        step = _damped_step(residual, slopes, damping)
        tried = theta + step
        residual_tried, slopes_tried = _exponentiated(tried, x, target, usable)
        value_tried = (residual_tried**2).sum(axis=1)
        better = value_tried <= value
        damping = np.where(better, damping / 5, damping * 6)
        theta, value = np.where(better[:, None], tried, theta), np.where(better, value_tried, value)
        residual = np.where(better[:, None], residual_tried, residual)
        slopes = np.where(better[:, None, None], slopes_tried, slopes)
        if np.nanmax(np.abs(step), initial=0) < 1e-10:
            break
    return CurveLaw(EXPONENTIATED, theta[:, 0], theta[:, 1], start.dropped, start.last)


def joined(laws: Sequence[CurveLaw]) -> CurveLaw:
    """One law of several sets of replicates, the first of each of which is the fit to the same data."""
    first = laws[0]
    rest = [(law.log_coefficient[1:], law.exponent[1:]) for law in laws[1:]]
    coefficients, exponents = zip((first.log_coefficient, first.exponent), *rest, strict=True)
    return replace(first, log_coefficient=np.concatenate(coefficients), exponent=np.concatenate(exponents))


def _transformed(k: Array, coverage: Array) -> tuple[Array, Array, Mask]:
    usable = (coverage > 0) & (coverage < 1)
    if usable[0].sum() < FEWEST_POINTS:
        count = int(usable[0].sum())
        raise FitError(
            f"{count} of the points of the coverage curve {'lies' if count == 1 else 'lie'} between 0 and 1, but a law "
            f"of the curve needs {FEWEST_POINTS}.",
            hint="Add attempts per problem, or use the estimates without a law.",
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(usable, np.log(-np.log(np.where(usable, coverage, 0.5))), 0.0)
    return np.log(np.asarray(k, dtype=float))[None, :], y, usable


def _exponentiated(theta: Array, x: Array, target: Array, usable: Mask) -> tuple[Array, Array]:
    """Residuals `(replicates, len(k))` and slopes in (log A, b) `(replicates, len(k), 2)`."""
    with np.errstate(over="ignore", invalid="ignore"):
        power = np.exp(np.minimum(theta[:, :1] - theta[:, 1:] * x, 50.0))
        predicted = np.exp(-power)
        bend = -predicted * power
    slopes = np.stack([bend, -bend * x], axis=2)
    return np.where(usable, predicted - target, 0.0), np.where(usable[:, :, None], slopes, 0.0)


def _damped_step(residual: Array, slopes: Array, damping: Array) -> Array:
    normal = np.einsum("rki,rkj->rij", slopes, slopes)
    gradient = np.einsum("rki,rk->ri", slopes, residual)
    a, d, off = normal[:, 0, 0] * (1 + damping), normal[:, 1, 1] * (1 + damping), normal[:, 0, 1]
    with np.errstate(all="ignore"):
        determinant = a * d - off**2
        step = np.stack([d * gradient[:, 0] - off * gradient[:, 1], a * gradient[:, 1] - off * gradient[:, 0]], axis=1)
        step = -step / determinant[:, None]
    return np.asarray(np.clip(np.nan_to_num(step), -1, 1))
