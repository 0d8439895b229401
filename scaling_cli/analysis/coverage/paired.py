"""The paired difference in coverage of two groups on shared problems; it needs fewer problems than an unpaired one."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from scaling_cli.analysis.coverage.curve import number_or_none
from scaling_cli.coverage.counts import Array, Counts, Indices, ProblemResampling, make_counts, problem_weights
from scaling_cli.coverage.estimate import error_of_mean, solve_rates
from scaling_cli.errors import DataError
from scaling_cli.record import Record
from scaling_cli.results.coverage import Comparison
from scaling_cli.results.fit import Estimate

GAIN, LOSS, OPEN = "higher", "lower", "inconclusive"
FEWEST = 2


class Side(Record):
    """One group of a comparison: its counts and the names of their problems."""

    name: str
    counts: Counts
    problems: tuple[str, ...]


def compare(
    left: Side, right: Side, k: Indices, *, level: float, band: str, resampling: ProblemResampling
) -> list[Comparison]:
    """Coverage of `left` less that of `right` at each k that both reach; the verdict says if zero is excluded.

    Raises:
        DataError: The groups share fewer than two problems.
    """
    common = sorted(set(left.problems) & set(right.problems))
    if len(common) < FEWEST:
        raise DataError(
            f"{left.name} and {right.name} share {len(common)} {'problem' if len(common) == 1 else 'problems'}, but a "
            f"comparison needs {FEWEST}.",
            hint="Compare groups with shared problems; check that both name problems in the same way.",
        )
    left_counts, right_counts = _shared(left, common), _shared(right, common)
    k = k[(k <= left_counts.n.min()) & (k <= right_counts.n.min())]
    differences = solve_rates(left_counts, k)[left_counts.pair] - solve_rates(right_counts, k)[right_counts.pair]
    middle, error = differences.mean(axis=0), error_of_mean(differences, left_counts.cluster)
    if band == "simultaneous":
        critical = _sup_t(differences, left_counts.cluster, error, level, resampling)
    else:
        critical = float(stdtrit(max(left_counts.clusters - 1, 1), (1 + level) / 2))
    rows = []
    for i, attempts in enumerate(k.tolist()):
        low, high = max(-1.0, middle[i] - critical * error[i]), min(1.0, middle[i] + critical * error[i])
        is_known = error[i] > 0 and high - low < 2 * level
        verdict = OPEN if not is_known else GAIN if low > 0 else LOSS if high < 0 else OPEN
        ends = (float(low), float(high)) if is_known else (None, None)
        difference = Estimate(float(middle[i]), *ends)
        rows.append(Comparison(right.name, attempts, len(common), difference, number_or_none(error[i]), verdict))
    return rows


def _shared(side: Side, common: list[str]) -> Counts:
    place = {name: i for i, name in enumerate(side.problems)}
    picked = np.array([place[name] for name in common], dtype=np.int64)
    cluster = np.unique(side.counts.cluster[picked], return_inverse=True)[1]
    return make_counts(side.counts.n[picked], side.counts.c[picked], cluster.astype(np.int64))


def _sup_t(differences: Array, cluster: Indices, error: Array, level: float, resampling: ProblemResampling) -> float:
    """Half-width of a band over all k, in standard errors."""
    units = make_counts(np.arange(1, len(differences) + 1), np.zeros(len(differences), dtype=np.int64), cluster)
    varies, away = error > 0, differences - differences.mean(axis=0)
    largest = [
        np.abs((weights @ away / weights.sum(axis=1)[:, None])[:, varies] / error[varies]).max(axis=1, initial=0)
        for weights in problem_weights(units, resampling)
    ]
    return float(np.quantile(np.concatenate(largest), level))
