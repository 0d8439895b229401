"""Power laws of compute fitted to minima, for all replicates at once: the exponents of approaches 1 and 2.

Rows are replicates, and row 0 is the estimate. A minimum that a replicate does not have is NaN and is left out.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.record import Record

FEWEST_FOR_FLOOR = 4  # minima: one more than floor, coefficient and exponent
GAMMAS = np.linspace(0.02, 0.8, 60)  # exponents of loss in compute


class PowerLine(Record):
    """y = exp(intercept) compute^exponent, each `(replicates,)`."""

    exponent: Array
    intercept: Array

    def at(self, compute: Array | float) -> Array:
        """Values `(replicates,)` at one budget."""
        value: Array = np.exp(self.intercept + self.exponent * np.log(compute))
        return value


def power_line(log_compute: Array, log_value: Array) -> PowerLine:
    """Ordinary least squares in logs: `log_compute` `(n,)` or `(replicates, n)`, `log_value` `(replicates, n)`."""
    known = np.isfinite(log_value)
    count = known.sum(axis=1)
    x = np.where(known, np.broadcast_to(log_compute, log_value.shape), 0.0)
    y = np.where(known, log_value, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = x.sum(axis=1) / count, y.sum(axis=1) / count
        deviation = np.where(known, x - mean_x[:, None], 0.0)
        exponent = (deviation * (y - mean_y[:, None])).sum(axis=1) / (deviation**2).sum(axis=1)
    exponent = np.where(count >= 2, exponent, np.nan)
    return PowerLine(exponent, mean_y - exponent * mean_x)


class Losses(Protocol):
    """The lowest loss of each budget."""

    def at(self, compute: float) -> Array:
        """Losses `(replicates,)` at one budget."""


class LossLine(Record):
    """loss = floor + scale (compute / centre)^-gamma, each `(replicates,)`."""

    floor: Array
    scale: Array
    gamma: Array
    centre: float

    def at(self, compute: float) -> Array:
        """Losses `(replicates,)` at one budget."""
        value: Array = self.floor + self.scale * np.exp(-self.gamma * (np.log(compute) - self.centre))
        return value


def loss_line(log_compute: Array, loss: Array) -> LossLine | None:
    """The power law with a floor fitted to losses `(replicates, n)` at `log_compute` `(n,)` or `(replicates, n)`.

    None if there are too few minima to fit a floor.
    """
    known = np.isfinite(loss)
    if known[0].sum() < FEWEST_FOR_FLOOR:
        return None
    centre = float(np.mean(log_compute))
    weights = known.astype(float)
    y = np.where(known, loss, 0.0)
    fits = [_with_floor(np.exp(-gamma * (log_compute - centre)), y, weights) for gamma in GAMMAS]
    misfit = np.stack([fit[2] for fit in fits])
    best = np.argmin(misfit, axis=0)
    gamma = _between(misfit, best)
    floor, scale, _ = _with_floor(np.exp(-gamma[:, None] * (log_compute - centre)), y, weights)
    return LossLine(floor, scale, gamma, centre)


def _between(misfit: Array, best: Array) -> Array:
    """The exponent at the vertex of the parabola through the best grid point and its neighbours."""
    middle = np.clip(best, 1, len(GAMMAS) - 2)
    rows = np.arange(misfit.shape[1])
    before, here, after = (misfit[middle + step, rows] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(bend > 0, np.clip((before - after) / (2 * bend), -1, 1), 0.0)
    exponents: Array = GAMMAS[middle] + shift * (GAMMAS[1] - GAMMAS[0])
    return exponents


def _with_floor(basis: Array, y: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Least squares of `floor + scale * basis` with a floor of at least zero, and the sum of squares."""
    basis = np.broadcast_to(basis, y.shape)
    count = np.maximum(weights.sum(axis=1), 1)
    mean_b, mean_y = (weights * basis).sum(axis=1) / count, (weights * y).sum(axis=1) / count
    deviation = weights * (basis - mean_b[:, None])
    scale = (deviation * (y - mean_y[:, None])).sum(axis=1) / np.maximum((deviation**2).sum(axis=1), ALMOST_ZERO)
    floor = mean_y - scale * mean_b
    through_zero = (weights * basis * y).sum(axis=1) / np.maximum((weights * basis**2).sum(axis=1), ALMOST_ZERO)
    scale, floor = np.where(floor < 0, through_zero, scale), np.maximum(floor, 0.0)
    residual = weights * (y - floor[:, None] - scale[:, None] * basis)
    return floor, scale, (residual**2).sum(axis=1)
