"""Logs in which sampling stopped at a success: how to detect them, and an unbiased estimate of coverage.

If sampling of a problem ends with its first success, n depends on the outcome: easy problems have few attempts, and
both c / n and the usual pass@k are biased upwards (by 0.12 at k = 60 on a real log). If attempts were made in batches
of b and ended after the first batch with a success, the product-limit estimate is unbiased: the chance that a problem
is still unsolved after a batch is the share of the problems at risk that fail in it (Kaplan and Meier 1958; their case
is b = 1), and within a batch it is q(j) over the problems at risk. Counts are sufficient, because all successes of a
problem lie in its last batch.

Sampling may follow the outcome in other ways: 16 more attempts where the first 4 failed, batches that double, or a stop
at the second success. Whatever the rule, if sampling ended only at solved problems, or at the longest number of
attempts, then the attempt of each first success is known, and the product-limit estimate from the attempts up to it is
unbiased. It is so, too, if all numbers of attempts were planned, so it is used wherever these are doubtful.
"""

from __future__ import annotations

import math

import numpy as np

from scaling_cli.coverage.counts import Array, Counts, Indices, make_counts
from scaling_cli.coverage.estimate import log_failure

FEWEST_PROBLEMS = 10  # shorter than the longest, below which the pattern may be an accident
FEWEST_LENGTHS = 3
CHANCE = 1e-3  # that all shorter problems are solved, below which sampling seems to have gone on at unsolved ones


def batch_size(counts: Counts, first_success: Indices | None = None) -> int | None:
    """The batch size b if sampling of each problem stopped after the first batch with a success, else None.

    Args:
        counts: All problems must fit the pattern: n is a multiple of b, there are at most b successes, and each problem
            with fewer attempts than the longest has a success.
        first_success: The number, from 1, of each problem's first successful attempt, 0 if there is none; it must lie
            in the last batch.
    """
    longest = int(counts.n.max())
    early = counts.n < longest
    if early.sum() < FEWEST_PROBLEMS or len(np.unique(counts.n)) < FEWEST_LENGTHS:
        return None
    batch = math.gcd(*(int(attempts) for attempts in np.unique(counts.n)))
    if np.any(counts.c > batch) or np.any(counts.c[early] == 0):
        return None
    if first_success is not None and np.any((first_success > 0) & (first_success <= counts.n - batch)):
        return None
    return batch


def ends_solved(counts: Counts) -> bool:
    """Whether each problem with fewer attempts than the longest is solved, and there are such problems."""
    early = counts.n < counts.n.max()
    return bool(early.any() and (counts.c[early] > 0).all())


def follows_outcomes(counts: Counts) -> bool:
    """Whether chance hardly makes all shorter problems solved, or solved equally often: sampling went on at others."""
    early = counts.n < counts.n.max()
    if early.sum() < FEWEST_PROBLEMS or not ends_solved(counts):
        return False
    from scipy.special import gammaln, xlog1py, xlogy

    n, c = counts.n[early], counts.c[early]
    chance = np.log1p(-((1 - c / n) ** n))
    if c.min() == c.max():  # as if sampling stopped at success number c
        chance = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1) + xlogy(c, c / n) + xlog1py(n - c, -c / n)
    return bool(chance.sum() < math.log(CHANCE))


def until_solved(counts: Counts, first_success: Indices) -> Counts | None:
    """The attempts up to the first success of each problem; None if attempts are missing before it."""
    n = np.where(first_success > 0, first_success, counts.n)
    if np.any((first_success > 0) != (counts.c > 0)) or np.any(n > counts.n):
        return None
    return make_counts(n, (first_success > 0).astype(np.int64), counts.cluster)


def product_limit(counts: Counts, batch: int, k: Indices, weights: Array | None = None) -> Array:
    """Coverage at each k by the product-limit estimate, `(replicates, len(k))`, NaN beyond the longest problem.

    Args:
        counts: Problems whose sampling stopped after the first batch with a success.
        batch: Attempts in a batch.
        k: Numbers of attempts at which to estimate.
        weights: How often each problem counts, `(replicates, problems)`; once each by default.
    """
    k = np.asarray(k, dtype=np.int64)
    weights = np.ones((1, counts.problems)) if weights is None else weights
    last = counts.n // batch
    order = np.argsort(last, kind="stable")
    last, solved, weights = last[order], counts.c[order] > 0, weights[:, order]
    at_risk = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]  # weight of the problems from each index on
    batches, first = np.unique(last, return_index=True)
    failed = _log_shares(np.add.reduceat(weights * solved, first, axis=1), at_risk[:, first])
    survived = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(failed, axis=1)], axis=1)
    whole, rest = np.divmod(k, batch)
    curve = np.exp(survived[:, np.searchsorted(batches, whole, side="right")])
    partial = _partial(counts, order, batch, k, weights, at_risk, last)
    curve = 1 - curve * partial
    curve[:, whole + (rest > 0) > batches[-1]] = np.nan
    return np.asarray(curve)


def _log_shares(solved: Array, at_risk: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(at_risk > 0, np.log1p(-solved / np.where(at_risk > 0, at_risk, 1)), 0.0))


def _partial(
    counts: Counts, order: Indices, batch: int, k: Indices, weights: Array, at_risk: Array, last: Indices
) -> Array:
    """Chance that the attempts of k beyond the last full batch all fail, `(replicates, len(k))`."""
    survival = np.ones((len(weights), len(k)))
    c = counts.c[order]
    for column, (whole, rest) in enumerate(zip(*np.divmod(k, batch), strict=True)):
        start, stop = np.searchsorted(last, whole + 1), np.searchsorted(last, whole + 1, side="right")
        if rest == 0 or start == len(last):
            continue
        # Only problems that end in this batch can succeed in it.
        ending = c[start:stop]
        lost = -np.expm1(log_failure(np.full(len(ending), batch), ending, np.array([rest]))[:, 0]) if len(ending) else 0
        share = weights[:, start:stop] @ lost if len(ending) else np.zeros(len(weights))
        with np.errstate(divide="ignore", invalid="ignore"):
            survival[:, column] = np.where(at_risk[:, start] > 0, 1 - share / at_risk[:, start], 1.0)
    return survival
