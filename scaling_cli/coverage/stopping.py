"""Logs that stop at a success: finding out, and the estimate that stays unbiased.

Where sampling a problem ends with its first success, n depends on the outcome: easy problems have few attempts, and
both c / n and the usual pass@k are biased upwards (by 0.12 at k = 60 on a real log). If attempts came in batches of b
and ended after the first batch with a success, the product-limit estimate is right: the chance to survive each batch is
the share of the problems still at risk that fail in it (Kaplan and Meier 1958; b = 1 is their case), and within a batch
q(j) of the problems at risk. Counts are enough: all successes of a problem lie in its last batch.
"""

from __future__ import annotations

import math

import numpy as np

from scaling_cli.coverage.counts import Array, Counts, Indices
from scaling_cli.coverage.estimate import log_failure

FEWEST_PROBLEMS = 10  # with n of their own, for their pattern to be no accident
FEWEST_LENGTHS = 3


def batch_size(counts: Counts, first_success: Indices | None = None) -> int | None:
    """The batch b after whose first success each problem's sampling stopped, or None for logs of other designs.

    Args:
        counts: Problems that fail the pattern rule it out: n must be a multiple of b, the successes at most b,
            and every problem that ended before the longest must have succeeded.
        first_success: The attempt, from 1, of each problem's first success, 0 without one; it must lie in the last
            batch.
    """
    longest = int(counts.n.max())
    early = counts.n < longest
    if early.sum() < FEWEST_PROBLEMS or len(np.unique(counts.n)) < FEWEST_LENGTHS:
        return None
    batch = math.gcd(*(int(each) for each in np.unique(counts.n)))
    if np.any(counts.c > batch) or np.any(counts.c[early] == 0):
        return None
    if first_success is not None and np.any((first_success > 0) & (first_success <= counts.n - batch)):
        return None
    return batch


def product_limit(counts: Counts, batch: int, k: Indices, weights: Array | None = None) -> Array:
    """Coverage at each k by the product-limit estimate, `(replicates, len(k))`, NaN beyond the longest problem.

    Args:
        counts: Problems whose sampling stopped after the first batch with a success.
        batch: Attempts in a batch.
        k: Where to estimate.
        weights: How often each problem counts, `(replicates, problems)`; once each by default.
    """
    k = np.asarray(k, dtype=np.int64)
    weights = np.ones((1, counts.problems)) if weights is None else weights
    last = counts.n // batch
    order = np.argsort(last, kind="stable")
    last, solved, weights = last[order], counts.c[order] > 0, weights[:, order]
    at_risk = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]  # weight of the problems from each place on
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
    """Chance to survive the attempts of k that do not fill a batch, `(replicates, len(k))`."""
    found = np.ones((len(weights), len(k)))
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
            found[:, column] = np.where(at_risk[:, start] > 0, 1 - share / at_risk[:, start], 1.0)
    return found
