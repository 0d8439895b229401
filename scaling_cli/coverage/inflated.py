"""The beta-binomial law with a share of problems that no attempt solves, so that coverage has a ceiling.

Data can hardly distinguish that share from a small alpha, so it comes with a profile interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
from scipy.special import betaln, gammaln

from scaling_cli.coverage.beta_binomial import fit_beta_binomial
from scaling_cli.coverage.beta_binomial import log_failure as beta_log_failure
from scaling_cli.coverage.counts import Array, Counts
from scaling_cli.coverage.distribution import (
    Distribution,
    covariance_of,
    delta_interval,
    is_flat,
    log_minus_log,
    quantile_of,
    wald,
)
from scaling_cli.coverage.maximise import maximise
from scaling_cli.record import Record

ZERO_INFLATED = "zero-inflated"
FARTHEST = 20.0  # |log alpha| and |log beta| beyond which a maximum is not used as a start
PEAK_STEPS, CROSSING_STEPS = 30, 22  # narrow a range of shares to below 1e-6


class _Inflated(Record):
    """The profile of a zero-inflated law: the best alpha and beta for each share of unsolvable problems."""

    counts: Counts
    start: Array
    known: dict[float, Array] = {}

    def value(self, share: float, theta: Array) -> float:
        """The log-likelihood, without binomial terms."""
        alpha, beta = np.exp(np.clip(theta, -30, 30))
        n, c, weight = self.counts.pair_n, self.counts.pair_c, self.counts.multiplicity
        logs = betaln(c + alpha, n - c + beta) - betaln(alpha, beta)
        inflated = np.log1p(-share) + logs
        unsolved = c == 0
        inflated[unsolved] = np.log(share + (1 - share) * np.exp(logs[unsolved]))
        return float(weight @ inflated)

    def rises_from_zero(self) -> bool:
        """Whether a small share of unsolvable problems has a higher likelihood than none: the profile's slope at 0."""
        alpha, beta = np.exp(self.start)
        n, weight = self.counts.pair_n, self.counts.multiplicity
        unsolved = self.counts.pair_c == 0
        likelihood = np.exp(betaln(alpha, n[unsolved] + beta) - betaln(alpha, beta))
        return bool(weight[unsolved] @ (1 / likelihood) > weight.sum())

    def best(self, share: float) -> tuple[Array, float, Array]:
        """Log alpha and log beta, value and Hessian at a share; the search starts from the nearest share known."""
        near = min(self.known, key=lambda other: abs(other - share), default=None)
        maximum = maximise(partial(self.value, share), self.start if near is None else self.known[near])
        if np.abs(maximum[0]).max() < FARTHEST:
            self.known[share] = maximum[0]
        return maximum


def zero_inflated(counts: Counts, level: float | None) -> Distribution:
    """The fitted law, with intervals at `level`; without them (None) it is faster.

    Raises:
        FitError: The counts do not determine its parameters.
    """
    plain = fit_beta_binomial(counts)
    profile = _Inflated(counts, np.log([plain.alpha, plain.beta]))
    n, c = counts.pair_n, counts.pair_c
    unsolved = float(counts.multiplicity[c == 0].sum() / counts.problems)
    bottom, share = profile.best(0.0)[1], 0.0
    if profile.rises_from_zero():
        share = _peak(lambda at: profile.best(at)[1], 0.0, unsolved)
    top = profile.best(share)[1]
    if top <= bottom:
        share, top = 0.0, bottom
    low, high = share, share
    quantile = quantile_of(level, counts)
    if level is not None:
        drop = quantile**2 / 2
        low, high = (_crossing(profile, share, end, top - drop) for end in (0.0, unsolved))
    theta, _, curvature = profile.best(share)
    shape = dict(zip(("alpha", "beta"), np.exp(theta).tolist(), strict=True))
    ratio = max(0.0, 2 * (top - bottom))
    constant = counts.multiplicity @ (gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1))
    failure = partial(_inflated_failure, share, theta)
    return Distribution(
        ZERO_INFLATED,
        {**wald(shape, covariance_of(curvature, ZERO_INFLATED), quantile), "unsolvable": (share, low, high)},
        float(top + constant),
        shape["alpha"] if share == 0 else None,
        failure,
        partial(_profile_interval, _profile_points(profile, (share, low, high)), quantile),
        likelihood_ratio=ratio,
        p_value=_half_chi_square(ratio),
    )


def _inflated_failure(share: float, theta: Array, k: Array) -> Array:
    alpha, beta = np.exp(theta)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(share + (1 - share) * np.exp(beta_log_failure(alpha, beta, k))))


def _profile_points(profile: _Inflated, shares: Iterable[float]) -> list[tuple[float, Array, Array]]:
    """Each distinct share with log alpha, log beta and their covariance; the estimate first.

    If alpha and beta are not determined at an end of the share's interval, coverage is the ceiling, with covariance 0.
    """
    points = []
    for share in dict.fromkeys(shares):
        theta, _, curvature = profile.best(share)
        covariance = np.zeros((2, 2)) if is_flat(curvature) else np.asarray(np.linalg.inv(-curvature), dtype=float)
        points.append((share, theta, covariance))
    return points


def _profile_interval(
    points: Sequence[tuple[float, Array, Array]], quantile: float, k: Array
) -> tuple[Array, Array, Array]:
    """The interval that spans those at the estimate of the share and at both ends of its interval."""
    intervals = [
        delta_interval(partial(_inflated_transform, share), theta, covariance, quantile, k)
        for share, theta, covariance in points
    ]
    return (
        intervals[0][0],
        np.min([interval[1] for interval in intervals], axis=0),
        np.max([interval[2] for interval in intervals], axis=0),
    )


def _inflated_transform(share: float, theta: Array, k: Array) -> Array:
    return log_minus_log(_inflated_failure(share, theta, k))


def _half_chi_square(ratio: float) -> float:
    """P-value of a likelihood ratio that is 0 with probability 1/2 and else chi-square with one degree of freedom."""
    return 0.5 * math.erfc(math.sqrt(ratio / 2)) if ratio > 0 else 1.0


def _peak(function: Callable[[float], float], low: float, high: float) -> float:
    """The maximum of a function with a single peak, by golden-section search."""
    golden = (np.sqrt(5) - 1) / 2
    inner, outer = high - golden * (high - low), low + golden * (high - low)
    at_inner, at_outer = function(inner), function(outer)
    for _ in range(PEAK_STEPS):
        if at_inner >= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - golden * (high - low)
            at_inner = function(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + golden * (high - low)
            at_outer = function(outer)
    return float((low + high) / 2)


def _crossing(profile: _Inflated, inside: float, end: float, level: float) -> float:
    """The share between `inside` and `end` at which the profile falls to `level`; `end` if it stays above."""
    if inside == end or profile.best(end)[1] >= level:
        return end
    outside = end
    for _ in range(CROSSING_STEPS):
        middle = (inside + outside) / 2
        if profile.best(middle)[1] >= level:
            inside = middle
        else:
            outside = middle
    return float((inside + outside) / 2)
