"""Accuracy of one group if one attempt must be chosen: by a logged or an assumed verifier, a score, or a vote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr, bdtrc, expit, logit

from scaling_cli.analysis.coverage.curve import number_or_none
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.beta_binomial import fit_beta_binomial
from scaling_cli.coverage.counts import Array, Counts, Indices, ProblemResampling
from scaling_cli.coverage.distribution import quantile_of
from scaling_cli.coverage.estimate import log_failure
from scaling_cli.coverage.families import LOG_P
from scaling_cli.coverage.grid import beta_weights, make_grid
from scaling_cli.coverage.maximise import maximise
from scaling_cli.coverage.mixture import fit_mixture
from scaling_cli.coverage.verifier import assumed_accuracy, best_of, floor, logged_accuracy, majority
from scaling_cli.points.samples import Outcomes, Verdicts
from scaling_cli.record import Record
from scaling_cli.results.coverage import AssumedVerifier, Selection

LOGGED, ASSUMED, BEST, MAJORITY = "logged-verifier", "assumed-verifier", "best-of-k", "majority"
WARNED_FLOOR = 0.1  # k times the false-positive rate
UNLIKE, CHANCE = 0.05, 0.001  # tail of a count, and chance that so many problems have one
STREAM = 2  # part of the seed: the ballots differ from other draws


class Rates(Record):
    """Shares of correct and of wrong attempts that a verifier accepts; `labels` says what the log's outcomes are."""

    true_positive: float = 1.0
    false_positive: float = 0.0
    labels: str = "verifier"


def logged_rows(counts: Counts, verdicts: Verdicts, k: Indices, level: float) -> list[Selection]:
    """Accuracy of a verifier whose verdicts were logged together with the true outcomes."""
    accuracy = logged_accuracy(counts.n, verdicts.accepted, verdicts.correct, k)
    return _rows(LOGGED, k, accuracy, -np.expm1(log_failure(counts.n, counts.c, k)), quantile_of(level, counts))


def scored_rows(counts: Counts, problems: Sequence[Outcomes], k: Indices, level: float) -> list[Selection]:
    """Accuracy of the best-scored of k attempts."""
    accuracy = np.stack([best_of(problem.weight, problem.success, k) for problem in problems])
    return _rows(BEST, k, accuracy, _oracle(problems, k), quantile_of(level, counts))


def voted_rows(
    counts: Counts, problems: Sequence[Outcomes], k: Indices, level: float, resampling: ProblemResampling
) -> list[Selection]:
    """Accuracy of the most common answer among k attempts."""
    accuracy = []
    for place, problem in enumerate(problems):
        generator = np.random.default_rng([resampling.seed, resampling.group, STREAM, place])
        votes = problem.weight.astype(np.int64)
        accuracy.append(majority(votes, problem.success, k, generator, problem.attempts - int(votes.sum())))
    return _rows(MAJORITY, k, np.stack(accuracy), _oracle(problems, k), quantile_of(level, counts))


def _oracle(problems: Sequence[Outcomes], k: Indices) -> Array:
    n = np.array([problem.attempts for problem in problems], dtype=np.int64)
    c = np.array([problem.solved for problem in problems], dtype=np.int64)
    return np.asarray(-np.expm1(log_failure(n, c, k)))


def _rows(method: str, k: Indices, accuracy: Array, oracle: Array, quantile: float) -> list[Selection]:
    """Rows with the means of `accuracy` and `oracle` `(problems, len(k))` over problems, and intervals.

    `quantile` is half the width of an interval in standard errors of independent problems.
    """
    rows = []
    for i, attempts in enumerate(k.tolist()):
        middle, error = accuracy[:, i].mean(), accuracy[:, i].std(ddof=1) / np.sqrt(len(accuracy))
        low, high = _interval(middle, error, quantile)
        rows.append(
            Selection(
                attempts,
                method,
                number_or_none(middle),
                number_or_none(low),
                number_or_none(high),
                number_or_none(oracle[:, i].mean()),
            )
        )
    return rows


def _interval(middle: float, error: float, quantile: float) -> tuple[float, float]:
    if not 0 < middle < 1 or not error > 0:
        return np.nan, np.nan
    reach = quantile * error / (middle * (1 - middle))
    return float(expit(logit(middle) - reach)), float(expit(logit(middle) + reach))


def assumed_rows(
    counts: Counts, k: Indices, rates: Rates, level: float, group: dict[str, str] | None
) -> tuple[list[Selection], AssumedVerifier, list[Caveat]]:
    """Accuracy of a verifier with assumed rates, for the spread of difficulty that the counts show.

    If the outcomes in the log are the verifier's verdicts, the likelihood converts the chance of an accepted attempt to
    that of a correct one; rescaling coverage would be right only at k = 1. The interval spans what distributions of
    difficulty that fit the counts equally well give.
    """
    tpr, fpr = rates.true_positive, rates.false_positive
    p, weight = _spread(counts, rates)
    accuracy = weight @ assumed_accuracy(p, k.astype(float), true_positive=tpr, false_positive=fpr)
    oracle = weight @ assumed_accuracy(p, k.astype(float), true_positive=1.0, false_positive=0.0)
    low, high = _assumed_ends(counts, k, rates, level)
    low, high = np.fmin(low, accuracy), np.fmax(high, accuracy)
    rows = [
        Selection(attempts, ASSUMED, float(accuracy[i]), float(low[i]), float(high[i]), float(oracle[i]))
        for i, attempts in enumerate(k.tolist())
    ]
    accepted = tpr * p + fpr * (1 - p)
    precision = np.divide(tpr * p, accepted, out=np.zeros_like(p), where=accepted > 0)
    passes = float(floor(fpr, k[-1:].astype(float))[0])
    caveats = []
    if rates.labels == "verifier" and (unlike := _contradictions(counts, rates)):
        shares = {"wrong": f"{fpr:g}", "right": f"{tpr:g}"}
        caveats.append(caveat("unlike-rates", group, count=unlike, total=f"{counts.problems:,}", **shares))
    if float(k[-1]) * fpr > WARNED_FLOOR:
        caveats.append(caveat("false-positives", group, k=f"{k[-1]:,}", floor=passes))
    return rows, AssumedVerifier(tpr, fpr, float(weight @ precision), passes, rates.labels), caveats


def _contradictions(counts: Counts, rates: Rates) -> int:
    """At how many problems fewer or more attempts are accepted than at any chance of a correct attempt; 0 if by chance.

    Of problems with an acceptance rate between those of wrong and of correct attempts, at most a share `UNLIKE` has
    counts with a tail of `UNLIKE` below the one or above the other, whatever their difficulty.
    """
    too_few = bdtr(counts.c, counts.n, rates.false_positive) < UNLIKE
    too_many = bdtr(counts.n - counts.c, counts.n, 1 - rates.true_positive) < UNLIKE
    numbers = [int(each.sum()) for each in (too_few, too_many)]
    return sum(found for found in numbers if found and bdtrc(found - 1, counts.problems, UNLIKE) < CHANCE)


def _assumed_ends(counts: Counts, k: Indices, rates: Rates, level: float) -> tuple[Array, Array]:
    tpr, fpr = rates.true_positive, rates.false_positive
    law = fit_mixture(counts) if rates.labels == "truth" else fit_mixture(counts, tpr - fpr, fpr)
    accuracy = assumed_accuracy(np.exp(LOG_P), k.astype(float), true_positive=tpr, false_positive=fpr)
    return law.ends(accuracy, level)


def _spread(counts: Counts, rates: Rates) -> tuple[Array, Array]:
    """Chances of a correct attempt, and their weights, which sum to one."""
    first = fit_beta_binomial(counts)
    if rates.labels == "truth":
        grid, theta = make_grid(counts), np.log([first.alpha, first.beta])
    else:
        grid = make_grid(counts, rates.true_positive - rates.false_positive, rates.false_positive)
        theta = maximise(lambda at: grid.log_likelihood(*beta_weights(grid, at)), np.log([first.alpha, first.beta]))[0]
    weights, ends = beta_weights(grid, theta)
    p = np.concatenate([[0.0], 1 / (1 + np.exp(-grid.t)), [1.0]])
    weight = np.concatenate([[ends[0]], weights, [ends[1]]])
    return p, weight / weight.sum()
