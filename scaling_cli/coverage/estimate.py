"""Coverage from counts: the unbiased estimate of pass@k, its two standard errors, and bounds where k exceeds n.

If a problem has c successes in n attempts, k attempts drawn without replacement all fail with probability q(k) =
C(n-c, k) / C(n, k), and 1 - q(k) is the unbiased estimate of its pass@k (Chen et al. 2021, arXiv:2107.03374). It does
not exist for k > n, where q is NaN here, never 0. In floating point, q comes from log factorials. Where pass@k is small
these lose digits to cancellation, so there log q is a sum of min(c, k) terms of log1p; pass@k is always -expm1(log q).

There are two standard errors. The error over problems says how coverage would vary on other problems like these: its
square is S^2 / P, with S^2 the variance of pass@k over problems, which includes the noise of the attempts. The error
over attempts says how it would vary if these problems were attempted again: each problem contributes an unbiased
q(k)^2 - q(2k), since q(2k) is unbiased for (1-p)^2k; it does not exist for 2k > n.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, gammaln

from scaling_cli.coverage.counts import Array, Counts, Indices

EXACT_ABOVE = -0.2  # log q above which (pass@k below 0.18) the sum replaces the factorials
LARGEST_TABLE = 1 << 22  # log factorials kept, 32 MB; beyond it they are computed as needed


def log_failure(n: Indices, c: Indices, k: Indices) -> Array:
    """log q of each pair at each k, `(pairs, len(k))`: -inf where success is certain, NaN where k > n.

    The relative error of pass@k is below 1e-10 up to n = 10,000; the error of the factorials grows as n log n.
    """
    n, c, k = (np.asarray(values, dtype=np.int64) for values in (n, c, k))
    n, c = n[:, None], c[:, None]
    factorial = _LogFactorial(int(n.max()))
    rest, left = n - c, n - k
    with np.errstate(invalid="ignore"):
        logs = (factorial(rest) - factorial(n)) + (factorial(np.maximum(left, 0)) - factorial(np.maximum(left - c, 0)))
    logs = np.where(left < c, -np.inf, logs)
    logs[np.broadcast_to(left < 0, logs.shape)] = np.nan
    _refine(logs, n, c, k)
    return logs


class _LogFactorial:
    """log x! from a table, or computed if the table would be too large."""

    def __init__(self, largest: int) -> None:
        self._table = gammaln(np.arange(largest + 1) + 1.0) if largest <= LARGEST_TABLE else None

    def __call__(self, x: Indices) -> Array:
        logs: Array = gammaln(x + 1.0) if self._table is None else self._table[x]
        return logs


def _refine(logs: Array, n: Indices, c: Indices, k: Indices) -> None:
    """Replace entries above `EXACT_ABOVE` by a sum over min(c, k) terms, fewer than sqrt(0.2 n) of them."""
    rows, columns = np.nonzero(logs > EXACT_ABOVE)
    successes, draws = c[rows, 0], k[columns]
    terms, order = _descending(np.minimum(successes, draws))
    rows, columns = rows[order], columns[order]
    larger = np.maximum(successes, draws)[order].astype(float)
    total, attempts = np.zeros(len(rows)), n[rows, 0].astype(float)
    for done in range(int(terms[0]) if len(terms) else 0):
        active = int(np.searchsorted(-terms, -done))  # entries with more than `done` terms come first
        total[:active] += np.log1p(-larger[:active] / (attempts[:active] - done))
    logs[rows, columns] = total


def _descending(values: Indices) -> tuple[Indices, Indices]:
    order = np.argsort(-values, kind="stable")
    return values[order], order


def solve_rates(counts: Counts, k: Indices) -> Array:
    """pass@k of each pair, `(pairs, len(k))`, NaN where k > n."""
    return np.asarray(-np.expm1(log_failure(counts.pair_n, counts.pair_c, k)))


def all_succeed(n: Indices, c: Indices, k: Indices) -> Array:
    """Chance that all of k drawn attempts succeed, C(c, k) / C(n, k), `(pairs, len(k))`."""
    n = np.asarray(n, dtype=np.int64)
    return np.asarray(np.exp(log_failure(n, n - np.asarray(c, dtype=np.int64), k)))


def mean(counts: Counts, rates: Array) -> Array:
    """Coverage at each k: the mean over problems; NaN where a problem has no estimate."""
    return np.asarray(counts.multiplicity @ rates / counts.problems)


def error_over_problems(counts: Counts, rates: Array) -> Array:
    """Standard error of coverage over problems, or over clusters of them, `(len(k),)`; NaN for a single one.

    With G clusters its square is the sum over clusters of squared sums of deviations, times G / (G - 1), over P^2.
    """
    problems, clusters = counts.problems, counts.clusters
    if clusters == problems > 1:
        deviations = rates - mean(counts, rates)
        return np.asarray(np.sqrt(counts.multiplicity @ deviations**2 / (problems - 1) / problems))
    return error_of_mean(rates[counts.pair], counts.cluster)


def error_of_mean(values: Array, cluster: Indices) -> Array:
    """Standard error of the mean of `(problems, m)` values over problems in clusters, `(m,)`; NaN for one cluster."""
    clusters = int(cluster.max()) + 1
    if clusters < 2:
        return np.full(values.shape[1], np.nan)
    sums = np.zeros((clusters, values.shape[1]))
    np.add.at(sums, cluster, values - values.mean(axis=0))
    return np.asarray(np.sqrt((sums**2).sum(axis=0) * clusters / (clusters - 1)) / len(values))


def error_over_attempts(counts: Counts, k: Indices) -> Array:
    """Standard error of coverage if the same problems were attempted again; NaN where 2k exceeds an n."""
    k = np.asarray(k, dtype=np.int64)
    once, twice = solve_rates(counts, k), solve_rates(counts, 2 * k)
    # q(k)^2 - q(2k), written in pass@k so that no terms of size one cancel.
    variance = counts.multiplicity @ (twice - 2 * once + once**2)
    return np.asarray(np.sqrt(np.maximum(variance, 0)) / counts.problems)


def expected_attempts(counts: Counts, k: Indices) -> Array:
    """Unbiased mean attempts at a problem if sampling stops at the first success or after k; NaN where k > n.

    For each problem it is the sum of q(j) over j < k, which is ((n + 1) - (n - k + 1) q(k)) / (c + 1).
    """
    k = np.asarray(k, dtype=np.int64)
    n, c = counts.pair_n[:, None], counts.pair_c[:, None]
    failed = np.exp(log_failure(counts.pair_n, counts.pair_c, k))
    return mean(counts, (n + 1 - (n - k + 1) * failed) / (c + 1))


def bounds(counts: Counts, k: Indices) -> tuple[Array, Array]:
    """Bounds of coverage where k exceeds some n: a short problem counts its own attempts at least, 1 at most."""
    rates = solve_rates(counts, k)
    short = np.isnan(rates)
    solved = (counts.pair_c > 0).astype(float)[:, None]
    low, high = np.where(short, solved, rates), np.where(short, 1.0, rates)
    return mean(counts, low), mean(counts, high)


def clopper_pearson(solved: int, problems: int, level: float) -> tuple[float, float]:
    """The exact interval of a share of problems, used if all or none are solved: 39 of 39 gives 0.9097 to 1 at 95 %."""
    tail = (1 - level) / 2
    low = 0.0 if solved == 0 else float(betaincinv(solved, problems - solved + 1, tail))
    high = 1.0 if solved == problems else float(betaincinv(solved + 1, problems - solved, 1 - tail))
    return low, high
