"""Weak priors: what is believed of a law's parameters before data, for curves too short to tell them.

A belief says that the logarithm of a parameter is normal about that of a value. It enters the objective as one more
squared residual, so the solver stays what it is:

    sum_i w_i rho(r_i) + strength / 2 * sum_q z_q^2,    z_q = (ln |parameter_q| - ln value_q) / spread_q.

Were the noise Gaussian, `strength` would be its variance. Under Huber's function of small delta a residual counts for
about delta |r|, and the variance is replaced by delta times the scale. Residuals along a curve are correlated, so that
n of them tell less than n: the scale is inflated by their autocorrelation.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.objective import HUBER_EFFICIENCY
from scaling_cli.laws import Law
from scaling_cli.record import Record

PRIORS = ("none", "weak")
EXPONENT, EXPONENT_SPREAD = 0.35, 0.7  # in the size of an exponent, and in its log: published ones lie in 0.05 to 1
FLOOR_BELOW, FLOOR_SPREAD = 0.7, 1.0  # in log loss: the floor is half the smallest loss, give or take e
MOST_CORRELATED = 0.9  # autocorrelation beyond which a handful of points no longer tells it
FAR = 3.0  # spreads: a start further off than this is moved in, since at zero a belief in logs has no gradient


class Belief(Record):
    """The log of a parameter's size is normal about that of `value`, with standard deviation `spread`.

    Of a positive coefficient it is the size of its term in the middle of the data that is meant.
    """

    parameter: str
    value: float
    spread: float


class Penalty(Record):
    """Beliefs as residuals of coordinates; arrays `(q,)`. `is_log` marks coordinates that are logs already."""

    index: Indices
    is_log: Flags
    mean: Array
    spread: Array

    def residuals(self, theta: Array) -> tuple[Array, Array]:
        """Standardised residuals `(replicates, q)` at `theta` `(replicates, k)`, and each's slope in its coordinate."""
        value = theta[:, self.index]
        size = np.where(self.is_log, 1.0, value)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_size = np.where(self.is_log, value, np.log(np.abs(size)))
            return (log_size - self.mean) / self.spread, 1.0 / (self.spread * size)

    def within_reach(self, theta: Array) -> Array:
        """Starts whose believed coordinates are brought to within `FAR` spreads of belief, with their sign."""
        value = theta[:, self.index]
        low, high = self.mean - FAR * self.spread, self.mean + FAR * self.spread
        with np.errstate(divide="ignore"):
            sized = np.exp(np.clip(np.log(np.abs(value)), low, high))
        moved = theta.copy()
        moved[:, self.index] = np.where(self.is_log, np.clip(value, low, high), np.where(value < 0, -sized, sized))
        return moved


def penalty(law: Law, beliefs: tuple[Belief, ...]) -> Penalty | None:
    """`beliefs` about parameters of `law`, for the solver."""
    if not beliefs:
        return None
    index = np.array([law.names.index(belief.parameter) for belief in beliefs])
    return Penalty(
        index,
        np.array([law.parameters[position].positive for position in index]),
        np.log([belief.value for belief in beliefs]),
        np.array([belief.spread for belief in beliefs]),
    )


def weak_beliefs(law: Law, lowest: float) -> tuple[Belief, ...]:
    """What published laws agree on: exponents of about a third, and a floor well below the smallest loss `lowest`."""
    found = []
    for parameter in law.parameters:
        if parameter.kind == "exponent":
            found.append(Belief(parameter.name, EXPONENT, EXPONENT_SPREAD))
        elif parameter.kind == "floor":
            found.append(Belief(parameter.name, lowest * np.exp(-FLOOR_BELOW), FLOOR_SPREAD))
    return tuple(found)


def strength(scale: float, delta: float) -> float:
    """What a squared standardised belief weighs against residuals of robust `scale`, inflated by their correlation."""
    return scale * min(scale, delta / HUBER_EFFICIENCY)


def correlation_inflation(residuals: Array, order: Indices) -> float:
    """By how much correlated residuals `(n,)` inflate the standard error of a mean; `order` sorts them along a curve.

    Their correlation falls geometrically: the variance of a mean of n then grows by (1 + r) / (1 - r).
    """
    along = residuals[order]
    size = float(along @ along)
    if len(along) < 3 or size <= 0:
        return 1.0
    lagged = min(max(float(along[1:] @ along[:-1]) / size, 0.0), MOST_CORRELATED)
    return float(np.sqrt((1 + lagged) / (1 - lagged)))
