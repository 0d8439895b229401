"""Intervals of resampled problems, against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import beta, norm, t

from scaling_cli.coverage.bootstrap import draw_curves, intervals, percentiles
from scaling_cli.coverage.counts import ProblemResampling, make_counts, problem_weights
from scaling_cli.coverage.estimate import error_over_problems, mean, solve_rates
from scaling_cli.coverage.stopping import batch_size, product_limit

K = np.array([1, 4])
RESAMPLING = ProblemResampling(500, seed=2)
PLENTY = make_counts(np.full(80, 8), np.arange(80) % 9)


def replicates(counts):
    return np.concatenate(list(problem_weights(counts, RESAMPLING)))


def test_each_replicate_has_the_mean_of_its_problems_and_the_error_of_this_mean():
    draws = draw_curves(PLENTY, K, RESAMPLING)
    rates = solve_rates(PLENTY, K)[PLENTY.pair]
    for row in (0, 7, 499):
        drawn = np.repeat(rates, replicates(PLENTY)[row].astype(int), axis=0)
        assert draws.coverage[row] == pytest.approx(drawn.mean(axis=0))
        assert draws.error[row] == pytest.approx(drawn.std(axis=0) / np.sqrt(79))


def test_clusters_are_drawn_whole_with_the_error_of_sums():
    cluster = np.repeat(np.arange(20), 4)
    cluster[:3] = 1
    cluster = np.unique(cluster, return_inverse=True)[1]
    counts = make_counts(np.full(80, 8), np.arange(80) % 9, cluster)
    draws = draw_curves(counts, K, RESAMPLING)
    rates, times = solve_rates(counts, K)[counts.pair], replicates(counts)
    for row in (0, 7):
        weights = times[row]
        middle = weights @ rates / weights.sum()
        assert draws.coverage[row] == pytest.approx(middle)
        own = np.array([times[row][cluster == one][0] for one in range(counts.clusters)])
        sums = np.array([(rates[cluster == one] - middle).sum(axis=0) for one in range(counts.clusters)])
        square = own @ sums**2 * counts.clusters / (counts.clusters - 1)
        assert draws.error[row] == pytest.approx(np.sqrt(square) / weights.sum())


@pytest.mark.parametrize("simultaneous", [False, True])
def test_intervals_are_studentised_in_log_odds(simultaneous):
    draws = draw_curves(PLENTY, K, RESAMPLING)
    rates = solve_rates(PLENTY, K)
    coverage, error = mean(PLENTY, rates), error_over_problems(PLENTY, rates)
    scaled = (logit(draws.coverage) - logit(coverage)) * draws.coverage * (1 - draws.coverage) / draws.error
    if simultaneous:
        high = np.full(2, np.quantile(np.abs(scaled).max(axis=1), 0.9))
        low = -high
    else:
        low, high = np.quantile(scaled, [0.05, 0.95], axis=0, method="weibull")
    found = intervals(PLENTY, draws, 0.9, simultaneous=simultaneous)
    scale = error / (coverage * (1 - coverage))
    # At four attempts fewer than ten problems are left unsolved, where the interval is at least the exact one.
    assert found[0][0] == pytest.approx(expit(logit(coverage) - high * scale)[0])
    assert found[1][0] == pytest.approx(expit(logit(coverage) - low * scale)[0])


def test_near_the_ends_the_interval_is_at_least_clopper_and_pearsons():
    """For the number of problems whose share would have this error."""
    counts = make_counts(np.full(60, 8), np.array([2, 4, 3] + [0] * 57))
    draws = draw_curves(counts, K[:1], RESAMPLING)
    rates = solve_rates(counts, K[:1])
    coverage, error = mean(counts, rates)[0], error_over_problems(counts, rates)[0]
    problems = coverage * (1 - coverage) / error**2
    solved = coverage * problems
    low, high = (ends[0] for ends in intervals(counts, draws, 0.9))
    assert low <= beta.ppf(0.05, solved, problems - solved + 1) * (1 + 1e-9)
    assert high >= beta.ppf(0.95, solved + 1, problems - solved) * (1 - 1e-9)


def test_clusters_count_as_fewer_problems_near_the_ends():
    cluster = np.repeat(np.arange(15), 4)
    counts = make_counts(np.full(60, 8), np.array([2, 4, 3] + [0] * 57), cluster)
    draws = draw_curves(counts, K[:1], RESAMPLING)
    rates = solve_rates(counts, K[:1])
    coverage, error = mean(counts, rates)[0], error_over_problems(counts, rates)[0]
    rarer = (norm.ppf(0.95) / t.ppf(0.95, 14)) ** 2
    problems = rarer * min(coverage * (1 - coverage) / error**2, 60)
    solved = coverage * problems
    high = intervals(counts, draws, 0.9)[1][0]
    assert high >= beta.ppf(0.95, solved + 1, problems - solved) * (1 - 1e-9)


def test_where_hardly_a_problem_is_left_the_lower_end_is_that_of_all_attempts():
    counts = make_counts(np.full(40, 8), np.array([8] * 30 + [1] * 10))
    draws = draw_curves(counts, np.array([7]), RESAMPLING)
    rates = solve_rates(counts, np.array([7]))
    assert 40 * (1 - mean(counts, rates)[0]) > 1.0
    most = intervals(counts, draws, 0.9)[0][0]
    few = make_counts(np.full(40, 8), np.array([8] * 39 + [1]))
    low = intervals(few, draw_curves(few, np.array([7]), RESAMPLING), 0.9)[0][0]
    assert low <= beta.ppf(0.05, 40, 1) * (1 + 1e-9)
    assert most > 0.8


def test_percentiles_are_widened_as_students_quantiles_are():
    draws = np.random.default_rng(0).standard_normal((999, 2))
    low, high = percentiles(draws, 0.9, 10)
    tail = norm.cdf(-np.sqrt(10 / 9) * t.ppf(0.95, 9))
    assert low == pytest.approx(np.quantile(draws, tail, axis=0, method="weibull"))
    assert high == pytest.approx(np.quantile(draws, 1 - tail, axis=0, method="weibull"))
    gaps = np.where(np.arange(999)[:, None] % 3 == 0, np.nan, draws)
    assert percentiles(gaps, 0.9, 10)[0] == pytest.approx(np.nanquantile(gaps, tail, axis=0, method="weibull"))
    assert percentiles(draws, 0.9, 1)[0] == pytest.approx(percentiles(draws, 0.9, 2)[0], abs=3)


def test_the_product_limit_is_that_of_kaplan_and_meier():
    """Of six problems, two are solved by the first batch of two attempts, one of four by the second, none after."""
    counts = make_counts(np.array([2, 2, 4, 6, 6, 6]), np.array([1, 2, 1, 0, 0, 0]))
    found = product_limit(counts, 2, np.array([1, 2, 3, 4, 5, 6, 7]))[0]
    # One attempt of a batch of two finds a problem with one success by half, and one with two in any case.
    assert found[:6] == pytest.approx([1 - 4.5 / 6, 1 - 4 / 6, 1 - 4 / 6 * 3.5 / 4, 1 - 4 / 6 * 3 / 4, 0.5, 0.5])
    assert np.isnan(found[6])


def test_the_product_limit_of_replicates_counts_problems_as_often_as_they_are_drawn():
    counts = make_counts(np.array([1, 1, 2, 3]), np.array([1, 1, 1, 0]))
    weights = np.array([[1.0, 1, 1, 1], [2, 0, 1, 1], [0, 0, 2, 2], [4, 0, 0, 0]])
    found = product_limit(counts, 1, np.array([1, 2, 3]), weights)
    assert found[:3] == pytest.approx(np.array([[0.5, 0.75, 0.75], [0.5, 0.75, 0.75], [0.0, 0.5, 0.5]]))
    assert found[3, 0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("n", "c", "batch"),
    [
        ([2] * 5 + [4] * 5 + [6] * 2, [1] * 10 + [0] * 2, 2),
        ([2] * 5 + [4] * 4 + [6] * 2, [1] * 9 + [0] * 2, None),  # nine problems are shorter than the longest
        ([2] * 10 + [6] * 2, [1] * 10 + [0] * 2, None),  # two lengths
        ([2] * 5 + [4] * 5 + [6] * 2, [1] * 9 + [0] * 3, None),  # one stopped without a success
        ([2] * 5 + [4] * 5 + [6] * 2, [1] * 9 + [3] + [0] * 2, None),  # more successes than a batch has attempts
        ([3] * 5 + [4] * 5 + [6] * 2, [1] * 10 + [0] * 2, 1),
    ],
)
def test_a_log_stopped_at_successes_if_all_problems_fit_the_pattern(n, c, batch):
    assert batch_size(make_counts(np.array(n), np.array(c))) == batch


@pytest.mark.parametrize(("first", "batch"), [(3, 2), (2, None), (0, 2)])
def test_a_first_success_lies_in_the_last_batch(first, batch):
    counts = make_counts(np.array([2] * 5 + [4] * 5 + [6] * 2), np.array([1] * 10 + [0] * 2))
    places = np.array([1, 2, 1, 2, 1, 3, 4, 3, 4, first, 0, 0])
    assert batch_size(counts, places) == batch
