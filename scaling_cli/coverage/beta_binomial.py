"""The beta-binomial law: each problem's chance of success is a draw from Beta(alpha, beta).

Then coverage is C(k) = 1 - B(alpha, beta + k) / B(alpha, beta), also for k far beyond the attempts made; for large k,
1 - C falls as k^-alpha (Schaeffer et al. 2025, arXiv:2502.17578). The likelihood of c successes in n attempts is also
valid if sampling stopped at a success, since the stopping rule cancels. It is maximised over (log alpha, log beta) by
Newton's method on distinct pairs (n, c), and intervals come from its curvature at the maximum.

If the counts vary no more than one chance of success common to all problems would explain, the maximum lies at alpha +
beta = infinity: the spread of difficulty is not identified, and coverage beyond the data cannot be predicted.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, digamma, gammaln, polygamma

from scaling_cli.arrays import Indices
from scaling_cli.coverage.counts import Array, Counts
from scaling_cli.coverage.maximise import uphill
from scaling_cli.errors import FitError
from scaling_cli.record import Record

STARTS = (1.0, 10.0, 100.0)  # alpha + beta
MOST_STEPS = 200
MOST_SPREAD = 1e6  # alpha + beta above which data cannot distinguish Beta from a single value
TINY = 1e-12  # chance of failure below which log(-log C) changes exactly as the log of this chance does
LARGE = 1e4  # argument above which the expansion is more accurate than a difference of log gammas
BOUND = 30.0  # largest |log alpha| and |log beta|: beyond what any data give


class NoSpreadError(FitError):
    """The counts vary no more than by chance, so the spread of difficulty is not identified."""


class BetaBinomial(Record):
    """A fitted beta-binomial law; `covariance` is that of (log alpha, log beta)."""

    alpha: float
    beta: float
    covariance: Array
    log_likelihood: float

    def log_failure(self, k: Array) -> Array:
        """Log of the chance that k attempts at a random problem all fail."""
        return log_failure(self.alpha, self.beta, k)

    def slopes(self, k: Array) -> Array:
        """The gradient (..., 2) of log(-log C(k)) in (log alpha, log beta)."""
        k = np.asarray(k, dtype=float)
        both = digamma(self.alpha + self.beta) - digamma(self.alpha + self.beta + k)
        slopes = np.stack(
            [self.alpha * both, self.beta * (both - digamma(self.beta) + digamma(self.beta + k))], axis=-1
        )
        log_failed = self.log_failure(k)
        # q / -((1 - q) log(1 - q)), which tends to 1 as q vanishes.
        failed = np.maximum(np.exp(log_failed), TINY)
        slopes *= (failed / ((1 - failed) * -np.log1p(-failed)))[..., None]
        return slopes

    def standard_error(self, k: Array) -> Array:
        """Standard error of log(-log C(k)), by the delta method."""
        slopes = self.slopes(k)
        return np.asarray(np.sqrt(np.einsum("...i,ij,...j->...", slopes, self.covariance, slopes)))

    def expected_attempts(self, k: Array) -> Array:
        """Mean attempts at a problem if sampling stops at the first success, or after k attempts."""
        k = np.asarray(k, dtype=float)
        if abs(self.alpha - 1) < 1e-6:  # the limit for alpha = 1, where the general form divides 0 by 0
            return np.asarray(self.beta * (digamma(self.beta + k) - digamma(self.beta)))
        total = self.alpha + self.beta - 1
        return np.asarray(((total + k) * np.exp(self.log_failure(k)) - total) / (1 - self.alpha))


def log_failure(alpha: float | Array, beta: float | Array, k: Array) -> Array:
    """log(B(alpha, beta + k) / B(alpha, beta)), with a relative error of 1e-12 for k from 1 to 1e12."""
    k = np.asarray(k, dtype=float)
    return np.asarray(_log_ratio(beta + k, alpha) - _log_ratio(np.asarray(beta, dtype=float), alpha))


def _log_ratio(x: Array, a: float | Array) -> Array:
    """Log of Gamma(x) / Gamma(x + a); for large x by the expansion about x + (a - 1) / 2, whose error falls as x^-4."""
    x = np.asarray(x, dtype=float)
    middle = x + (np.asarray(a) - 1) / 2
    with np.errstate(all="ignore"):
        expanded = -a * np.log(middle) - np.log1p(-a * (a**2 - 1) / (24 * middle**2))
        direct = gammaln(x) - gammaln(x + a)
    return np.asarray(np.where(x > LARGE * np.maximum(1.0, a), expanded, direct))


def fit_beta_binomial(counts: Counts) -> BetaBinomial:
    """The beta-binomial law with the highest likelihood.

    Raises:
        FitError: No attempt or every attempt succeeded, attempts at a problem never differ, or the counts show no
            spread of difficulty.
    """
    _require_spread(counts)
    solutions = [_climb(counts, start) for start in STARTS]
    theta, value, curvature = max(solutions, key=lambda solution: solution[1])
    alpha, beta = np.exp(theta)
    eigenvalues = np.linalg.eigvalsh(-curvature)
    if alpha + beta > MOST_SPREAD or eigenvalues[0] <= 1e-9 * eigenvalues[1]:
        raise _no_spread()
    return BetaBinomial(
        float(alpha),
        float(beta),
        np.asarray(np.linalg.inv(-curvature), dtype=float),
        float(value + _binomial_terms(counts)),
    )


def _require_spread(counts: Counts) -> None:
    n, c, weight = counts.pair_n, counts.pair_c, counts.multiplicity
    solved, attempts = float(weight @ c), float(weight @ n)
    if solved in (0, attempts):
        what = "No attempt" if solved == 0 else "Every attempt"
        raise FitError(f"{what} succeeded, so no law can be fitted.", hint="Add attempts, or other problems.")
    if np.all((c == 0) | (c == n)):
        raise FitError(
            "Each problem is solved by all of its attempts or by none, as if attempts were copies of each other, so no "
            "law can be fitted.",
            hint="Sample at a temperature above 0, or with several seeds.",
        )
    p = solved / attempts
    # The slope of the likelihood in 1 / (alpha + beta) at 0, which compares the counts' variance with the binomial one.
    if weight @ (c * (c - 1) / p + (n - c) * (n - c - 1) / (1 - p) - n * (n - 1)) <= 0:
        raise _no_spread()


def _no_spread() -> NoSpreadError:
    return NoSpreadError(
        "The number of successes varies between problems no more than by chance, so the spread of difficulty "
        "cannot be estimated.",
        hint="Add attempts per problem, or more problems.",
    )


def _climb(counts: Counts, spread: float) -> tuple[Array, float, Array]:
    """Newton's method from alpha + beta = `spread`; each step is halved until the likelihood rises."""
    share = np.clip(counts.multiplicity @ (counts.pair_c / counts.pair_n) / counts.problems, 1e-6, 1 - 1e-6)
    theta = np.log(spread * np.array([share, 1 - share]))
    value = _value(counts, theta)
    for _ in range(MOST_STEPS):
        gradient, curvature = _slopes(counts, theta)
        step = uphill(gradient, curvature)
        while (risen := _value(counts, theta + step)) < value and np.abs(step).max() > 1e-13:
            step = step / 2
        if risen < value or np.abs(step).max() < 1e-11 or np.abs(theta).max() > BOUND:
            break
        theta, value = theta + step, risen
    return theta, value, _slopes(counts, theta)[1]


def _value(counts: Counts, theta: Array) -> float:
    a, b = np.exp(theta)
    n, c = counts.pair_n, counts.pair_c
    return float(counts.multiplicity @ (betaln(c + a, n - c + b) - betaln(a, b)))


def _slopes(counts: Counts, theta: Array) -> tuple[Array, Array]:
    a, b = np.exp(theta)
    return derivatives(a, b, counts.pair_n, counts.pair_c, counts.multiplicity)


def derivatives(a: float, b: float, n: Array | Indices, c: Array | Indices, weight: Array) -> tuple[Array, Array]:
    """Gradient (2,) and Hessian (2, 2) in (log alpha, log beta) of the log-likelihood of weighted pairs (n, c)."""
    total = weight.sum()
    shared = weight @ digamma(n + a + b) - total * digamma(a + b)
    first = np.array([weight @ digamma(c + a) - total * digamma(a), weight @ digamma(n - c + b) - total * digamma(b)])
    first -= shared
    bend = weight @ polygamma(1, n + a + b) - total * polygamma(1, a + b)
    own = [
        weight @ polygamma(1, c + a) - total * polygamma(1, a),
        weight @ polygamma(1, n - c + b) - total * polygamma(1, b),
    ]
    scale = np.array([a, b])
    return scale * first, np.outer(scale, scale) * (np.diag(own) - bend) + np.diag(scale * first)


def _binomial_terms(counts: Counts) -> float:
    """The part of the log-likelihood that does not depend on the parameters."""
    n, c = counts.pair_n, counts.pair_c
    return float(counts.multiplicity @ -(np.log(n + 1) + betaln(c + 1, n - c + 1)))
