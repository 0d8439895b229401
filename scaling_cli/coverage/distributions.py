"""Laws of the spread of difficulty over problems, with one interface: parameters, likelihood and coverage at any k.

`beta-binomial` has a closed form. `zero-inflated` adds a share of problems that no attempt solves, so coverage has a
ceiling; data can hardly distinguish that share from a small alpha, so it comes with a profile interval. `scaled-beta`
and `kumaraswamy` spread p over [0, scale]; the scale is taken as known, at (P + 1) / P times the largest share of
successes (Schaeffer et al. 2025, arXiv:2502.17578).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
from scipy.special import betaln, gammaln, ndtri

from scaling_cli.coverage.beta_binomial import BetaBinomial, fit_beta_binomial
from scaling_cli.coverage.beta_binomial import log_failure as beta_log_failure
from scaling_cli.coverage.counts import Array, Counts
from scaling_cli.coverage.grid import Grid, Prior, beta_weights, kumaraswamy_weights, make_grid
from scaling_cli.coverage.maximise import maximise
from scaling_cli.errors import FitError
from scaling_cli.record import Record

BETA_BINOMIAL, ZERO_INFLATED, SCALED_BETA, KUMARASWAMY = "beta-binomial", "zero-inflated", "scaled-beta", "kumaraswamy"

FARTHEST = 20.0  # |log alpha| and |log beta| beyond which a maximum is not used as a start

Ends: TypeAlias = tuple[float, float | None, float | None]  # an estimate and its interval
LogMinusLog: TypeAlias = Callable[[Array, Array], Array]  # (theta, k) -> log(-log C(k))


class Distribution(Record):
    """A fitted law of difficulty.

    `parameters` holds each estimate with the ends of its interval. `log_failure` gives log(1 - C). `transformed` gives
    log(-log C) with the ends of its interval at the chosen level, which transform back to those of coverage.
    """

    name: str
    parameters: dict[str, Ends]
    log_likelihood: float
    asymptotic_exponent: float | None
    log_failure: Callable[[Array], Array]
    transformed: Callable[[Array], tuple[Array, Array, Array]]
    likelihood_ratio: float | None = None
    p_value: float | None = None

    def coverage(self, k: Array) -> tuple[Array, Array, Array]:
        """Coverage at each k, and the ends of its interval."""
        middle, low, high = self.transformed(np.asarray(k, dtype=float))
        return tuple(np.exp(-np.exp(values)) for values in (middle, high, low))  # type: ignore[return-value]


def fit_distribution(name: str, counts: Counts, level: float | None) -> Distribution:
    """The law called `name`, fitted to the counts, with intervals at `level`; without them (None) it is faster.

    Raises:
        FitError: The counts do not determine its parameters.
    """
    return _FITS[name](counts, level)


def log_minus_log(log_failure: Array) -> Array:
    """log(-log C) from log(1 - C)."""
    failed = np.asarray(log_failure)
    # Exact for small q by log1p(-q), for q near 1 by log(-expm1(log q)); below e^-30, -log(1 - q) equals q.
    with np.errstate(divide="ignore"):
        log_solved = np.where(failed < -0.7, np.log1p(-np.exp(failed)), np.log(-np.expm1(failed)))
        return np.asarray(np.where(failed < -30, failed, np.log(-log_solved)))


def _beta_binomial(counts: Counts, level: float | None) -> Distribution:
    law = fit_beta_binomial(counts)
    return Distribution(
        BETA_BINOMIAL,
        _wald({"alpha": law.alpha, "beta": law.beta}, law.covariance, level),
        law.log_likelihood,
        law.alpha,
        law.log_failure,
        partial(_beta_interval, law, _quantile(level)),
    )


def _beta_interval(law: BetaBinomial, quantile: float, k: Array) -> tuple[Array, Array, Array]:
    middle, error = log_minus_log(law.log_failure(k)), law.standard_error(k)
    return middle, middle - quantile * error, middle + quantile * error


def _quantile(level: float | None) -> float:
    """Half-width of an interval in standard errors; 0 where no interval is wanted."""
    return 0.0 if level is None else float(ndtri((1 + level) / 2))


def _wald(values: dict[str, float], covariance: Array, level: float | None) -> dict[str, Ends]:
    """Positive parameters with intervals that are symmetric in their logs."""
    factors = np.exp(_quantile(level) * np.sqrt(np.diag(covariance))).tolist()
    return {name: (value, value / f, value * f) for (name, value), f in zip(values.items(), factors, strict=True)}


def plugged_scale(counts: Counts) -> float:
    """The largest chance of success that a scaled law allows: a little above the largest share of successes."""
    problems = counts.problems
    return min(1.0, (problems + 1) / problems * float((counts.pair_c / counts.pair_n).max()))


def _on_grid(name: str, prior: Prior, counts: Counts, level: float | None) -> Distribution:
    first = fit_beta_binomial(counts)
    grid = make_grid(counts, plugged_scale(counts))
    start = np.log([first.alpha, max(first.beta * grid.scale, 0.3)])
    theta, value, curvature = maximise(lambda at: grid.log_likelihood(*prior(grid, at)), start)
    covariance = _covariance(curvature, name)
    shape = dict(zip(("alpha", "beta"), np.exp(theta).tolist(), strict=True))
    transform = partial(_grid_transform, grid, prior)
    return Distribution(
        name,
        {**_wald(shape, covariance, level), "scale": (grid.scale, None, None)},
        value,
        shape["alpha"],
        lambda k: grid.log_failure(*prior(grid, theta), k),
        partial(_delta_interval, transform, theta, covariance, _quantile(level)),
    )


def _grid_transform(grid: Grid, prior: Prior, theta: Array, k: Array) -> Array:
    return log_minus_log(grid.log_failure(*prior(grid, theta), k))


def _is_flat(curvature: Array) -> bool:
    return not np.isfinite(curvature).all() or bool(np.linalg.eigvalsh(-curvature)[0] <= 0)


def _covariance(curvature: Array, name: str) -> Array:
    if _is_flat(curvature):
        raise FitError(
            f"The counts do not determine the parameters of {name}.",
            hint="Use --fit beta-binomial, or add attempts or problems.",
        )
    return np.asarray(np.linalg.inv(-curvature))


def _delta_interval(
    transform: LogMinusLog, theta: Array, covariance: Array, quantile: float, k: Array
) -> tuple[Array, Array, Array]:
    middle = transform(theta, k)
    steps = 1e-4 * np.eye(len(theta))
    slopes = np.stack([(transform(theta + step, k) - transform(theta - step, k)) / 2e-4 for step in steps], axis=1)
    error = np.sqrt(np.einsum("ki,ij,kj->k", slopes, covariance, slopes))
    return middle, middle - quantile * error, middle + quantile * error


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


def _zero_inflated(counts: Counts, level: float | None) -> Distribution:
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
    if level is not None:
        drop = _quantile(level) ** 2 / 2
        low, high = (_crossing(profile, share, end, top - drop) for end in (0.0, unsolved))
    theta, _, curvature = profile.best(share)
    shape = dict(zip(("alpha", "beta"), np.exp(theta).tolist(), strict=True))
    ratio = max(0.0, 2 * (top - bottom))
    constant = counts.multiplicity @ (gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1))
    failure = partial(_inflated_failure, share, theta)
    return Distribution(
        ZERO_INFLATED,
        {**_wald(shape, _covariance(curvature, ZERO_INFLATED), level), "unsolvable": (share, low, high)},
        float(top + constant),
        shape["alpha"] if share == 0 else None,
        failure,
        partial(_profile_interval, _profile_points(profile, (share, low, high)), _quantile(level)),
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
        covariance = np.zeros((2, 2)) if _is_flat(curvature) else np.asarray(np.linalg.inv(-curvature), dtype=float)
        points.append((share, theta, covariance))
    return points


def _profile_interval(
    points: Sequence[tuple[float, Array, Array]], quantile: float, k: Array
) -> tuple[Array, Array, Array]:
    """The interval that spans those at the estimate of the share and at both ends of its interval."""
    intervals = [
        _delta_interval(partial(_inflated_transform, share), theta, covariance, quantile, k)
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


def _peak(function: Callable[[float], float], low: float, high: float, steps: int = 30) -> float:
    """The maximum of a function with a single peak, by golden-section search."""
    golden = (np.sqrt(5) - 1) / 2
    inner, outer = high - golden * (high - low), low + golden * (high - low)
    at_inner, at_outer = function(inner), function(outer)
    for _ in range(steps):
        if at_inner >= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - golden * (high - low)
            at_inner = function(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + golden * (high - low)
            at_outer = function(outer)
    return float((low + high) / 2)


def _crossing(profile: _Inflated, inside: float, end: float, level: float, steps: int = 22) -> float:
    """The share between `inside` and `end` at which the profile falls to `level`; `end` if it stays above."""
    if inside == end or profile.best(end)[1] >= level:
        return end
    outside = end
    for _ in range(steps):
        middle = (inside + outside) / 2
        if profile.best(middle)[1] >= level:
            inside = middle
        else:
            outside = middle
    return float((inside + outside) / 2)


_FITS: dict[str, Callable[[Counts, float | None], Distribution]] = {
    BETA_BINOMIAL: _beta_binomial,
    ZERO_INFLATED: _zero_inflated,
    SCALED_BETA: partial(_on_grid, SCALED_BETA, beta_weights),
    KUMARASWAMY: partial(_on_grid, KUMARASWAMY, kumaraswamy_weights),
}
DISTRIBUTIONS = tuple(_FITS)
