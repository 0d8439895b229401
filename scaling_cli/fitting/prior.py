"""Weak priors on a law's parameters, for curves too short to determine them.

Under a prior, the log of a parameter is normal around the log of a value. It enters the objective as one more squared
residual, so the solver works unchanged:

    sum_i w_i rho(r_i) + strength / 2 * sum_q z_q^2,    z_q = (ln |parameter_q| - ln value_q) / spread_q.

For Gaussian noise, `strength` is the variance of the noise. Under Huber's function with a small delta a residual counts
about delta |r|, so the variance is replaced by delta times the scale. Residuals along a curve are correlated, so n of
them hold less information than n independent ones; the scale is therefore inflated by their autocorrelation.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.objective import HUBER_EFFICIENCY
from scaling_cli.laws import Law
from scaling_cli.record import Record

EXPONENT, EXPONENT_SPREAD = 0.35, 0.7  # absolute value, and spread of its log: published exponents lie in 0.05 to 1
FLOOR_BELOW, FLOOR_SPREAD = 0.7, 1.0  # in log loss: the floor is half the smallest loss, within a factor of e
MOST_CORRELATED = 0.9  # higher autocorrelation cannot be estimated from a handful of points
FAR = 3.0  # spreads: starts further from the prior are moved closer, since near zero its gradient in logs vanishes


class ParameterPrior(Record):
    """A prior: the log of the parameter's absolute value is normal around log `value`.

    `spread` is the standard deviation. For a positive coefficient, `value` is the size of its term in the middle of the
    data.
    """

    parameter: str
    value: float
    spread: float


class Penalty(Record):
    """Priors as residuals of coordinates, in arrays `(q,)`. `is_log` marks coordinates that are logarithms.

    In a stack of problems, `mean` and `spread` have a row for each replicate.
    """

    index: Indices
    is_log: Flags
    mean: Array
    spread: Array

    def residuals(self, theta: Array) -> tuple[Array, Array]:
        """Standardised residuals `(replicates, q)` at `theta` `(replicates, k)`, and their slopes."""
        value = theta[:, self.index]
        size = np.where(self.is_log, 1.0, value)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_size = np.where(self.is_log, value, np.log(np.abs(size)))
            return (log_size - self.mean) / self.spread, 1.0 / (self.spread * size)

    def of(self, replicates: Indices | Flags) -> Penalty:
        """The priors of some replicates."""
        if self.mean.ndim < 2:
            return self
        return Penalty(self.index, self.is_log, self.mean[replicates], self.spread[replicates])

    def within_reach(self, theta: Array) -> Array:
        """`theta` with each coordinate that has a prior moved to within `FAR` spreads of it, keeping its sign."""
        value = theta[:, self.index]
        low, high = self.mean - FAR * self.spread, self.mean + FAR * self.spread
        with np.errstate(divide="ignore"):
            sized = np.exp(np.clip(np.log(np.abs(value)), low, high))
        moved = theta.copy()
        moved[:, self.index] = np.where(self.is_log, np.clip(value, low, high), np.where(value < 0, -sized, sized))
        return moved


def penalty(law: Law, priors: tuple[ParameterPrior, ...]) -> Penalty | None:
    """The penalty that `priors` on parameters of `law` add to the objective; None without priors."""
    if not priors:
        return None
    index = np.array([law.names.index(prior.parameter) for prior in priors])
    return Penalty(
        index,
        np.array([law.parameters[position].positive for position in index]),
        np.log([prior.value for prior in priors]),
        np.array([prior.spread for prior in priors]),
    )


def weak_priors(law: Law, lowest: float) -> tuple[ParameterPrior, ...]:
    """Weak priors from published laws: exponents near a third, and a floor well below the smallest loss `lowest`."""
    priors = []
    for parameter in law.parameters:
        if parameter.kind == "exponent":
            priors.append(ParameterPrior(parameter.name, EXPONENT, EXPONENT_SPREAD))
        elif parameter.kind == "floor":
            priors.append(ParameterPrior(parameter.name, lowest * np.exp(-FLOOR_BELOW), FLOOR_SPREAD))
    return tuple(priors)


def strength(scale: float, delta: float) -> float:
    """Weight of a squared standardised prior residual, for residuals of robust `scale` (inflated for correlation)."""
    return scale * min(scale, delta / HUBER_EFFICIENCY)


def correlation_inflation(residuals: Array, order: Indices) -> float:
    """Factor by which correlation of residuals `(n,)` inflates the standard error of a mean.

    `order` sorts the residuals along a curve. Their correlation is taken to fall geometrically, at rate r; then the
    variance of a mean grows by (1 + r) / (1 - r).
    """
    along = residuals[order]
    size = float(along @ along)
    if len(along) < 3 or size <= 0:
        return 1.0
    lagged = min(max(float(along[1:] @ along[:-1]) / size, 0.0), MOST_CORRELATED)
    return float(np.sqrt((1 + lagged) / (1 - lagged)))
