"""Accuracy when one of k attempts must be chosen: by a verifier, a score or a vote.

Coverage assumes that the best attempt can be recognised. If p is the chance that an attempt is correct, a verifier that
accepts correct attempts at rate tpr and wrong ones at rate fpr accepts a share a = tpr p + fpr (1 - p) of all, and a
share A = tpr p / a of these is correct. The first accepted of k attempts is correct with chance A (1 - (1 - a)^k). No
number of attempts raises accuracy above the mean of A, because wrong attempts are accepted as well (Stroebl et al.
2024, arXiv:2411.17501). If the log has both labels, no rates are needed: with v of n attempts accepted and t of these
correct, accuracy is t / v times pass@k of v successes among n.
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
        correct: The accepted attempts that were correct.
        k: Attempts to choose from; if none is accepted, the answer counts as wrong.
    """
    precision = correct / np.maximum(accepted, 1)
    return np.asarray(-precision[:, None] * np.expm1(log_failure(n, accepted, k)))


def assumed_accuracy(p: Array, k: Array, *, true_positive: float, false_positive: float) -> Array:
    """Chance that the first accepted of k attempts is correct, `(problems, len(k))`, for chances p of a correct one."""
    accept = true_positive * p + false_positive * (1 - p)
    precision = np.divide(true_positive * p, accept, out=np.zeros_like(accept), where=accept > 0)
    with np.errstate(divide="ignore"):
        return np.asarray(-precision[:, None] * np.expm1(np.outer(np.log1p(-accept), np.asarray(k, dtype=float))))


def floor(false_positive: float, k: Array) -> Array:
    """Chance that a wrong attempt is accepted among k attempts at a problem that cannot be solved."""
    return np.asarray(-np.expm1(np.asarray(k, dtype=float) * np.log1p(-false_positive)))


def best_of(scores: Array, correct: Array, k: Indices) -> Array:
    """Chance that the best-scored of k of these attempts is correct, `(len(k),)`, NaN where k > n; exact.

    The attempt of rank j from the top is the best of k with chance C(n - j, k - 1) / C(n, k); ties share equally.
    """
    n = len(scores)
    order = np.argsort(-scores, kind="stable")
    _, place, size = np.unique(-scores[order], return_inverse=True, return_counts=True)
    right = (np.bincount(place, correct[order]) / size)[place]
    ranks = np.arange(1, n + 1)
    # Chance that none of the first j - 1 ranks is drawn, less the chance that none of the first j is.
    missed = np.exp(log_failure(np.full(n + 1, n), np.arange(n + 1), np.asarray(k)))
    accuracy: Array = right @ (missed[ranks - 1] - missed[ranks])
    return accuracy


def majority(counts: Indices, correct: Array, k: Indices, generator: np.random.Generator, silent: int = 0) -> Array:
    """Chance that the most common answer among k of these attempts is correct, `(len(k),)`; by simulation.

    Args:
        counts: How often each answer was given.
        correct: Whether each answer is correct, 0 or 1.
        k: Attempts that vote; NaN where more than were made. Ties are split.
        generator: Random generator of the `MAJORITY_DRAWS` ballots, drawn without replacement.
        silent: Attempts without an answer, which cast no vote; if no other is drawn, the answer counts as wrong.
    """
    accuracy = np.full(len(k), np.nan)
    drawn_from = np.append(counts, silent) if silent else counts
    for place, voters in enumerate(np.asarray(k)):
        if voters > drawn_from.sum():
            continue
        drawn = generator.multivariate_hypergeometric(drawn_from, int(voters), size=MAJORITY_DRAWS, method="marginals")
        votes = drawn[:, : len(counts)]
        winners = (votes == votes.max(axis=1, keepdims=True, initial=0)) & (votes > 0)
        accuracy[place] = ((winners @ correct) / np.maximum(winners.sum(axis=1), 1)).mean()
    return accuracy
