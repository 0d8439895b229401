"""Accuracy of one group when one attempt must be chosen: by a verifier, logged or assumed, a score, or a vote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, logit, ndtri

from scaling_cli.analysis.coverage.curve import known
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.beta_binomial import fit_beta_binomial
from scaling_cli.coverage.counts import Array, Counts, Indices, Resampling
from scaling_cli.coverage.estimate import log_failure
from scaling_cli.coverage.grid import beta_weights, make_grid
from scaling_cli.coverage.maximise import maximise
from scaling_cli.coverage.verifier import assumed_accuracy, best_of, floor, logged_accuracy, majority
from scaling_cli.points.samples import Outcomes, Verdicts
from scaling_cli.record import Record
from scaling_cli.results.coverage import AssumedVerifier, Selection

LOGGED, ASSUMED, BEST, MAJORITY = "logged-verifier", "assumed-verifier", "best-of-k", "majority"
WARNED_FLOOR = 0.1  # k times the false-positive rate
STREAM = 2  # keeps the ballots apart from other draws


class Rates(Record):
    """What a verifier accepts: correct attempts and wrong ones. `labels` says whose verdict the log holds."""

    true_positive: float = 1.0
    false_positive: float = 0.0
    labels: str = "verifier"


def logged_rows(counts: Counts, verdicts: Verdicts, k: Indices, level: float) -> list[Selection]:
    """Accuracy of a verifier whose verdicts were logged beside the truth."""
    found = logged_accuracy(counts.n, verdicts.accepted, verdicts.correct, k)
    return _rows(LOGGED, k, found, -np.expm1(log_failure(counts.n, counts.c, k)), level)


def scored_rows(problems: Sequence[Outcomes], k: Indices, level: float) -> list[Selection]:
    """Accuracy of the best-scored of k attempts."""
    found = np.stack([best_of(each.weight, each.success, k) for each in problems])
    return _rows(BEST, k, found, _oracle(problems, k), level)


def voted_rows(problems: Sequence[Outcomes], k: Indices, level: float, resampling: Resampling) -> list[Selection]:
    """Accuracy of the most common answer among k attempts."""
    found = []
    for place, each in enumerate(problems):
        generator = np.random.default_rng([resampling.seed, resampling.group, STREAM, place])
        found.append(majority(each.weight.astype(np.int64), each.success, k, generator))
    return _rows(MAJORITY, k, np.stack(found), _oracle(problems, k), level)


def _oracle(problems: Sequence[Outcomes], k: Indices) -> Array:
    n = np.array([each.attempts for each in problems], dtype=np.int64)
    c = np.array([each.solved for each in problems], dtype=np.int64)
    return np.asarray(-np.expm1(log_failure(n, c, k)))


def _rows(method: str, k: Indices, accuracy: Array, oracle: Array, level: float) -> list[Selection]:
    """Means over problems `(problems, len(k))`, with intervals over problems."""
    rows = []
    for i, each in enumerate(k.tolist()):
        middle, error = accuracy[:, i].mean(), accuracy[:, i].std(ddof=1) / np.sqrt(len(accuracy))
        low, high = _interval(middle, error, level)
        rows.append(Selection(each, method, known(middle), known(low), known(high), known(oracle[:, i].mean())))
    return rows


def _interval(middle: float, error: float, level: float) -> tuple[float, float]:
    if not 0 < middle < 1 or not error > 0:
        return np.nan, np.nan
    reach = ndtri((1 + level) / 2) * error / (middle * (1 - middle))
    return float(expit(logit(middle) - reach)), float(expit(logit(middle) + reach))


def assumed_rows(
    counts: Counts, k: Indices, rates: Rates, group: dict[str, str] | None
) -> tuple[list[Selection], AssumedVerifier, list[Caveat]]:
    """Accuracy that rates of acceptance imply, over the spread of difficulty that the counts show.

    Where the log holds the verifier's verdicts, chances of a correct attempt are found behind those of an accepted one
    inside the likelihood; rescaling coverage itself would be wrong at every k but 1.
    """
    tpr, fpr = rates.true_positive, rates.false_positive
    p, weight = _spread(counts, rates)
    accuracy = weight @ assumed_accuracy(p, k.astype(float), true_positive=tpr, false_positive=fpr)
    oracle = weight @ assumed_accuracy(p, k.astype(float), true_positive=1.0, false_positive=0.0)
    rows = [
        Selection(each, ASSUMED, float(accuracy[i]), None, None, float(oracle[i])) for i, each in enumerate(k.tolist())
    ]
    accepted = tpr * p + fpr * (1 - p)
    precision = np.divide(tpr * p, accepted, out=np.zeros_like(p), where=accepted > 0)
    passes = float(floor(fpr, k[-1:].astype(float))[0])
    found = []
    if float(k[-1]) * fpr > WARNED_FLOOR:
        found.append(caveat("false-positives", group, k=f"{k[-1]:,}", floor=passes))
    return rows, AssumedVerifier(tpr, fpr, float(weight @ precision), passes), found


def _spread(counts: Counts, rates: Rates) -> tuple[Array, Array]:
    """Chances of a correct attempt and their weights, summing to one."""
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
