"""Coverage is what the best attempt is worth if it can be told; this is what is left when it must be found.

With p the chance of a correct attempt, a verifier that accepts correct ones at rate tpr and wrong ones at rate fpr
accepts a = tpr p + fpr (1 - p) of all, and a share A = tpr p / a of what it accepts is correct. Taking the first
accepted of k attempts is right with chance A (1 - (1 - a)^k): no budget lifts the mean of A, and wrong attempts pile
up as k grows (Stroebl et al. 2024, arXiv:2411.17501). Where both labels were logged nothing need be assumed, since the
accepted attempt is any of the v accepted ones: accuracy is (t / v) pass@k of v among n, t of them correct.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.coverage.counts import Array, Indices
from scaling_cli.coverage.estimate import log_failure

MAJORITY_DRAWS = 1000


def logged_accuracy(n: Indices, accepted: Indices, correct: Indices, k: Indices) -> Array:
    """Chance that the attempt a verifier takes from k is correct, `(problems, len(k))`, NaN where k > n; exact.

    Args:
        n: Attempts of each problem.
        accepted: Those the verifier accepted.
        correct: Accepted ones that were correct.
        k: Attempts to choose from; if none is accepted, the answer is wrong.
    """
    precision = correct / np.maximum(accepted, 1)
    return np.asarray(-precision[:, None] * np.expm1(log_failure(n, accepted, k)))


def assumed_accuracy(p: Array, k: Array, *, true_positive: float, false_positive: float) -> Array:
    """Chance that the first accepted of k attempts is correct, `(problems, len(k))`, at known chances p."""
    accept = true_positive * p + false_positive * (1 - p)
    precision = np.divide(true_positive * p, accept, out=np.zeros_like(accept), where=accept > 0)
    with np.errstate(divide="ignore"):
        return np.asarray(-precision[:, None] * np.expm1(np.outer(np.log1p(-accept), np.asarray(k, dtype=float))))


def ceiling(p: Array, *, true_positive: float, false_positive: float) -> float:
    """The accuracy that no number of attempts exceeds: the mean precision."""
    accept = true_positive * p + false_positive * (1 - p)
    return float(np.divide(true_positive * p, accept, out=np.zeros_like(accept), where=accept > 0).mean())


def floor(false_positive: float, k: Array) -> Array:
    """How often a problem that cannot be solved passes for solved after k attempts."""
    return np.asarray(-np.expm1(np.asarray(k, dtype=float) * np.log1p(-false_positive)))


def best_of(scores: Array, correct: Array, k: Indices) -> Array:
    """Chance that the best-scored of k of these attempts is correct, `(len(k),)`, NaN where k > n; exact.

    The attempt of rank j from the top is the best of k with chance C(n - j, k - 1) / C(n, k); ties share alike.
    """
    n = len(scores)
    order = np.argsort(-scores, kind="stable")
    _, place, size = np.unique(-scores[order], return_inverse=True, return_counts=True)
    right = (np.bincount(place, correct[order]) / size)[place]
    ranks = np.arange(1, n + 1)
    # All of the first j - 1 are left out, and j is not: a difference of two failures.
    missed = np.exp(log_failure(np.full(n + 1, n), np.arange(n + 1), np.asarray(k)))
    found: Array = right @ (missed[ranks - 1] - missed[ranks])
    return found


def majority(counts: Indices, correct: Array, k: Indices, generator: np.random.Generator) -> Array:
    """Chance that the most common answer among k of these attempts is correct, `(len(k),)`; by simulation.

    Args:
        counts: How often each answer was given.
        correct: Whether it is right, 0 or 1.
        k: Attempts that vote; NaN where more than were made. Ties are split.
        generator: Draws of `MAJORITY_DRAWS` ballots without replacement.
    """
    found = np.full(len(k), np.nan)
    for place, voters in enumerate(np.asarray(k)):
        if voters > counts.sum():
            continue
        ballots = generator.multivariate_hypergeometric(counts, int(voters), size=MAJORITY_DRAWS, method="marginals")
        winners = ballots == ballots.max(axis=1, keepdims=True)
        found[place] = ((winners @ correct) / winners.sum(axis=1)).mean()
    return found
