"""The objective that a fit minimises: a sum over points of a robust function of the residual.

Huber's function is r^2/2 for |r| <= delta and delta (|r| - delta/2) beyond. Least squares is its limit for infinite
delta. Least absolute deviations is its limit for vanishing delta, divided by delta. So one solver serves all three. The
objective is a sum, never a mean: a mean shrinks the gradients below the tolerance of solvers, which is why the fit of
Hoffmann et al. 2022 stopped early.

Shares of known attempts, and outcomes that are 0 or 1, are fitted by maximum likelihood. The deviance of a share y of m
attempts under a probability p is

    D = 2 m (y log(y / p) + (1 - y) log((1 - y) / (1 - p))),

and its signed root r = sign(y - p) sqrt(D) is a residual: half the sum of its squares is the negative log-likelihood,
up to a constant. So the least-squares solver maximises the likelihood (McCullagh and Nelder 1989, section 2.4). The
residual has the derivative

    dr / dp = -m (y - p) / (p (1 - p) r),   and -sqrt(m / (p (1 - p))) where r vanishes.

The attempts are the weights of the points here, which have mean 1, so the objective is in units of their mean.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.record import Record

HUBER_EFFICIENCY = 1.345  # in robust scales: 95 % efficiency under Gaussian noise (Huber 1981)
SMALLEST_DELTA = 1e-8  # in units of the residual: exact data would give zero
LAD_DELTA = 1e-7  # in units of the residual: far below the last digit of a loss
EDGE = 1e-12  # a probability stays this far inside 0 and 1
NEAR = 1e-6  # roots of deviances below it count as zero
MAD_TO_SIGMA = 1.4826  # median absolute deviation of a Gaussian, inverted


class Objective(Record):
    """The function of the residuals that is summed.

    `delta` is the residual above which Huber's function is linear; None stands for `auto`, the value that follows from
    the data. The other objectives ignore it.
    """

    name: str = "huber"
    delta: float | None = None

    def value(self, residuals: Array, weights: Array, delta: float) -> Array:
        """The objective `(replicates,)` that is reported, for residuals `(replicates, n)`."""
        if self.name == "lad":
            return _summed(np.abs(residuals), weights)
        return huber(residuals, weights, delta)


def huber(residuals: Array, weights: Array, delta: float | Array) -> Array:
    """Summed Huber function `(replicates,)`; an infinite `delta` gives half the sum of squares."""
    size = np.abs(residuals)
    inner = np.minimum(size, delta)
    size -= 0.5 * inner
    size *= inner
    return _summed(size, weights)


def _summed(terms: Array, weights: Array) -> Array:
    total: Array = np.einsum("rn,rn->r" if weights.ndim > 1 else "rn,n->r", terms, weights)
    return total


def robust_scale(residuals: Array, parameters: int, weights: Array | None = None) -> float:
    """Standard deviation of the residuals `(n,)`, estimated from their median size, after fitting `parameters`.

    With `weights` `(n,)` it uses the weighted median.
    """
    freedom = max(len(residuals) - parameters, 1)
    middle = _median(np.abs(residuals)) if weights is None else _weighted_median(np.abs(residuals), weights)
    return float(MAD_TO_SIGMA * middle * np.sqrt(len(residuals) / freedom))


def _median(values: Array) -> float:
    """The median. np.median would import numpy.ma, which takes a tenth of the time of a small fit."""
    half = len(values) // 2
    ordered = np.partition(values, (half - 1, half))
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _weighted_median(values: Array, weights: Array) -> float:
    """The value with half of the weight on each side; with equal weights, the median."""
    order = np.argsort(values, kind="stable")
    share = (np.cumsum(weights[order]) - 0.5 * weights[order]) / weights.sum()
    return float(np.interp(0.5, share, values[order]))


def root_deviances(observed: Array, probability: Array) -> tuple[Array, Array]:
    """Signed roots of the deviances of one attempt `(replicates, n)`, and their derivative in the probability."""
    p = np.clip(probability, EDGE, 1 - EDGE)
    y = np.broadcast_to(observed, p.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / p), 0.0)
        miss = np.where(y < 1, (1 - y) * np.log(np.where(y < 1, 1 - y, 1.0) / (1 - p)), 0.0)
    root = np.sign(y - p) * np.sqrt(2 * np.maximum(hit + miss, 0.0))
    spread = p * (1 - p)
    is_zero = np.abs(root) < NEAR
    slope = np.where(is_zero, -1 / np.sqrt(spread), -(y - p) / (spread * np.where(is_zero, 1.0, root)))
    return root, np.where(np.isfinite(probability), slope, np.nan)
