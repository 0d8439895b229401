"""Intervals of the mixture hold for these problems and for others, also where chances have a shape of no family."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage_laws import KINDS, coverage, logs
from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.mixture import failure, fit_mixture
from tests.analysis.comparison.simulations import binomial_bounds


def forecast(counts, k):
    """Coverage by the mixture at each k, with its 95 % interval."""
    law, curve = fit_mixture(counts), failure(k)
    low, high = law.ends(curve, 0.95)
    return 1 - law.mean(curve), 1 - high, 1 - low


def held(kind, count, seed):
    """Whether each interval at 10 n contains the coverage of the problems of the log."""
    found = []
    for log in logs(kind, count, seed):
        _, low, high = forecast(log.data.counts, log.k[:1])
        found.append(bool(low[0] <= coverage(log.p, log.k[:1])[0] <= high[0]))
    return found


def test_if_all_these_problems_are_solved_the_interval_contains_coverage_of_all():
    counts = make_counts(np.full(40, 50), np.arange(40) % 9 + 20)
    _, low, high = forecast(counts, np.array([500]))
    assert high[0] == pytest.approx(1, abs=1e-6)
    assert low[0] > 0.9


def test_the_draws_of_these_problems_keep_the_share_that_is_solved():
    counts = make_counts(np.full(30, 20), np.repeat([0, 1, 10], 10))
    law = fit_mixture(counts)
    for part, share in ((law.averaged.unsolved, 1 / 3), (law.averaged.solved, 2 / 3)):
        np.testing.assert_allclose(part.sum(axis=1), share)


@pytest.mark.parametrize("kind", ["two points", "three points"])
def test_chances_at_a_few_points_are_inside_nearly_all_intervals(kind):
    found = held(kind, 3, 11)
    assert sum(found) >= len(found) - 2


def test_results_are_equal_in_any_order_of_the_problems():
    n, c = np.full(60, 32), np.random.default_rng(3).binomial(32, 0.1, 60)
    one, other = (forecast(make_counts(n, c[order]), np.array([320])) for order in (np.arange(60), np.arange(60)[::-1]))
    np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_intervals_at_ten_times_the_attempts_contain_the_truth_in_every_kind(kind):
    found = held(kind, 100, 12)
    assert np.mean(found) >= binomial_bounds(len(found), share=0.9, level=0.99)[0]
