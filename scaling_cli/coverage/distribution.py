"""What fitted laws of difficulty have in common: parameters with intervals, likelihood and coverage at any k."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy.special import ndtri, stdtrit

from scaling_cli.coverage.counts import Array, Counts
from scaling_cli.coverage.mixture import design_effect
from scaling_cli.errors import FitError
from scaling_cli.record import Record

Ends: TypeAlias = tuple[float, float | None, float | None]  # an estimate and its interval
LogMinusLog: TypeAlias = Callable[[Array, Array], Array]  # (theta, k) -> log(-log C(k))


class Distribution(Record):
    """A fitted law of difficulty.

    `parameters` holds each estimate with the ends of its interval. `log_failure` gives log(1 - C). `transformed` gives
    log(-log C) with the ends of its interval at the chosen level, which transform back to those of coverage. Of a
    mixture, `of_families` gives the ends between which its families alone put the coverage of new problems.
    """

    name: str
    parameters: dict[str, Ends]
    log_likelihood: float | None
    asymptotic_exponent: float | None
    log_failure: Callable[[Array], Array]
    transformed: Callable[[Array], tuple[Array, Array, Array]]
    likelihood_ratio: float | None = None
    p_value: float | None = None
    of_families: Callable[[Array], tuple[Array, Array]] | None = None

    def coverage(self, k: Array) -> tuple[Array, Array, Array]:
        """Coverage at each k, and the ends of its interval."""
        with np.errstate(over="ignore"):  # an end far off: exp(-exp(x)) is 0 there
            middle, low, high = self.transformed(np.asarray(k, dtype=float))
            return tuple(np.exp(-np.exp(values)) for values in (middle, high, low))  # type: ignore[return-value]


def log_minus_log(log_failure: Array) -> Array:
    """log(-log C) from log(1 - C)."""
    failed = np.asarray(log_failure)
    # Exact for small q by log1p(-q), for q near 1 by log(-expm1(log q)); below e^-30, -log(1 - q) equals q.
    with np.errstate(divide="ignore"):
        log_solved = np.where(failed < -0.7, np.log1p(-np.exp(failed)), np.log(-np.expm1(failed)))
        return np.asarray(np.where(failed < -30, failed, np.log(-log_solved)))


def quantile_of(level: float | None, counts: Counts) -> float:
    """Half-width of an interval in standard errors of independent problems; 0 where no interval is wanted.

    Problems in clusters have larger errors, by the root of the design effect, and as few degrees of freedom as there
    are clusters.
    """
    if level is None:
        return 0.0
    if counts.clusters == counts.problems:
        return float(ndtri((1 + level) / 2))
    return float(stdtrit(max(counts.clusters - 1, 1), (1 + level) / 2) * np.sqrt(design_effect(counts)))


def wald(values: dict[str, float], covariance: Array, quantile: float) -> dict[str, Ends]:
    """Positive parameters with intervals that are symmetric in their logs."""
    factors = np.exp(quantile * np.sqrt(np.diag(covariance))).tolist()
    return {name: (value, value / f, value * f) for (name, value), f in zip(values.items(), factors, strict=True)}


def is_flat(curvature: Array) -> bool:
    """Whether a Hessian of a log-likelihood does not curve down in every direction."""
    return not np.isfinite(curvature).all() or bool(np.linalg.eigvalsh(-curvature)[0] <= 0)


def covariance_of(curvature: Array, name: str) -> Array:
    """The covariance of the parameters of the law called `name`, from the Hessian of its log-likelihood.

    Raises:
        FitError: The counts do not determine the parameters.
    """
    if is_flat(curvature):
        raise FitError(
            f"The counts do not determine the parameters of {name}.",
            hint="Use --fit beta-binomial, or add attempts or problems.",
        )
    return np.asarray(np.linalg.inv(-curvature))


def delta_interval(
    transform: LogMinusLog, theta: Array, covariance: Array, quantile: float, k: Array
) -> tuple[Array, Array, Array]:
    """log(-log C) at each k with the ends of its interval, to first order in the errors of theta."""
    middle = transform(theta, k)
    steps = 1e-4 * np.eye(len(theta))
    slopes = np.stack([(transform(theta + step, k) - transform(theta - step, k)) / 2e-4 for step in steps], axis=1)
    error = np.sqrt(np.einsum("ki,ij,kj->k", slopes, covariance, slopes))
    return middle, middle - quantile * error, middle + quantile * error
