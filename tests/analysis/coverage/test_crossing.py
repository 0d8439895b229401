"""Differences of two groups against tests of scipy, and where one passes the other, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.analysis.coverage.crossing import Rates, Side, bounded, crossing, grid_of, rates_of
from scaling_cli.analysis.coverage.exchange import Trade
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.results.fit import Estimate

GENERATOR = np.random.default_rng(0)
LEFT, RIGHT = GENERATOR.uniform(0, 1, (12, 3)), GENERATOR.uniform(0, 0.8, (12, 3))


def rates(left=LEFT, right=RIGHT, *, is_paired=True, left_cluster=None, right_cluster=None):
    clusters = [np.arange(len(side)) if given is None else np.array(given)
                for side, given in ((left, left_cluster), (right, right_cluster))]  # fmt: skip
    return Rates(left, right, *clusters, is_paired)


def test_a_paired_difference_has_the_interval_of_the_paired_t_test():
    middle, error, critical = rates().difference(0.9)
    for i in range(3):
        found = stats.ttest_rel(LEFT[:, i], RIGHT[:, i])
        low, high = found.confidence_interval(0.9)
        assert (middle[i] - critical[i] * error[i], middle[i] + critical[i] * error[i]) == pytest.approx((low, high))


def test_an_unpaired_difference_has_the_interval_of_welch():
    few = RIGHT[:7]
    middle, error, critical = rates(right=few, is_paired=False).difference(0.95)
    for i in range(3):
        low, high = stats.ttest_ind(LEFT[:, i], few[:, i], equal_var=False).confidence_interval(0.95)
        assert (middle[i] - critical[i] * error[i], middle[i] + critical[i] * error[i]) == pytest.approx((low, high))


def test_without_spread_the_smaller_number_of_problems_counts():
    flat = rates(np.ones((5, 1)), np.zeros((9, 1)), is_paired=False).difference(0.95)
    assert flat[0] == pytest.approx([1.0])
    assert flat[1] == pytest.approx([0.0])
    assert flat[2] == pytest.approx([stats.t.ppf(0.975, 4)])


def test_equal_clusters_are_the_problems_of_the_test():
    twice = rates(np.repeat(LEFT, 2, axis=0), np.repeat(RIGHT, 2, axis=0), left_cluster=np.repeat(np.arange(12), 2),
                  right_cluster=np.repeat(np.arange(12), 2))  # fmt: skip
    for one, other in zip(twice.difference(0.9), rates().difference(0.9), strict=True):
        assert one == pytest.approx(other)


def test_replicates_are_means_over_resampled_problems():
    resampling = ProblemResampling(3000, 0, 0)
    paired, apart = rates().replicates(resampling), rates(is_paired=False).replicates(resampling)
    each = LEFT - RIGHT
    assert paired.shape == (3000, 3)
    assert paired.mean(axis=0) == pytest.approx(each.mean(axis=0), abs=0.02)
    assert paired.std(axis=0) == pytest.approx(each.std(axis=0) / np.sqrt(12), rel=0.08)
    both = np.sqrt((LEFT.var(axis=0) + RIGHT.var(axis=0)) / 12)
    assert apart.std(axis=0) == pytest.approx(both, rel=0.08)
    # Unpaired problems are drawn independently of each other.
    own = rates(right=np.zeros((12, 1)), is_paired=False).replicates(resampling)
    other = rates(np.zeros((12, 1)), -RIGHT, is_paired=False).replicates(resampling)
    assert abs(np.corrcoef(own[:, 0], other[:, 0])[0, 1]) < 0.08


@pytest.mark.parametrize(
    ("middle", "error", "critical", "expected"),
    [
        (0.1, 0.05, 2.0, Estimate(0.1, 0.0, pytest.approx(0.2))),
        (0.9, 0.1, 2.0, Estimate(0.9, pytest.approx(0.7), 1.0)),
        (-0.9, 0.1, 2.0, Estimate(-0.9, -1.0, pytest.approx(-0.7))),
        (0.0, 0.0, 2.0, Estimate(0.0)),
        (0.0, 0.47, 2.0, Estimate(0.0, pytest.approx(-0.94), pytest.approx(0.94))),
        (0.0, 0.48, 2.0, Estimate(0.0)),  # as wide as 0.95 of all differences from -1 to 1
    ],
)
def test_a_difference_lies_between_minus_one_and_one_and_says_something(middle, error, critical, expected):
    assert bounded(middle, error, critical, 0.95) == expected


LOGS = np.log([1.0, 2.0, 4.0, 8.0])


def test_a_curve_crosses_where_the_line_between_its_points_does():
    """From 0.2 at 2 attempts to -0.1 at 4: two thirds of the way in logs."""
    estimate = np.array([0.3, 0.2, -0.1, -0.2])
    found = crossing(LOGS, estimate[None], 0.9, estimate)
    assert [found.estimate, found.low, found.high] == pytest.approx([2.0 * 2 ** (2 / 3)] * 3)
    upwards = crossing(LOGS, -estimate[None], 0.9, -estimate)
    assert upwards.estimate == pytest.approx(found.estimate)
    assert crossing(LOGS, estimate[None], 0.9, np.array([0.3, 0.2, 0.1, 0.0])) is None


def test_the_confidence_set_leaves_out_a_tail_on_each_side_and_may_have_no_end():
    """Crossings of 17 replicates between logs 0 and 1: the set of 75 % is from the third to the fifteenth."""
    logs = np.array([0.0, 1.0])
    places = np.linspace(0.001, 0.999, 17)
    drawn = np.column_stack([places, places - 1])
    estimate = np.array([0.5, -0.5])
    found = crossing(logs, drawn, 0.75, estimate)
    assert found.estimate == pytest.approx(np.exp(0.5))
    assert (found.low, found.high) == (pytest.approx(np.exp(places[2])), pytest.approx(np.exp(places[14])))
    never, always = np.array([0.5, 0.1]), np.array([-0.5, -0.1])
    open_above = crossing(logs, np.vstack([drawn, np.tile(never, (9, 1))]), 0.75, estimate)
    assert (open_above.low is None, open_above.high is None) == (False, True)
    open_below = crossing(logs, np.vstack([drawn, np.tile(always, (9, 1))]), 0.75, estimate)
    assert (open_below.low is None, open_below.high is None) == (True, False)


def test_ties_are_no_side():
    estimate = np.array([0.0, 1e-10, 0.3, -0.3])
    assert crossing(LOGS, estimate[None], 0.9, estimate).estimate == pytest.approx(4.0 * 2**0.5)
    assert crossing(LOGS, estimate[None], 0.9, np.zeros(4)) is None


def test_attempts_are_spaced_evenly_in_logs_from_one_to_all():
    grid = grid_of(1000)
    assert (grid[0], grid[-1]) == (1, 1000)
    assert (np.diff(grid) > 0).all()
    assert np.diff(np.log(grid[grid > 100])) == pytest.approx(
        np.full((grid > 100).sum() - 1, np.log(1000) / 59), rel=0.1
    )
    assert grid_of(3).tolist() == [1, 2, 3]


def side(name, problems, n=8, clusters=None):
    c = np.arange(len(problems)) % (n + 1)
    cluster = None if clusters is None else np.array(clusters)
    counts = make_counts(np.full(len(problems), n), c, np.arange(len(problems)) if cluster is None else cluster)
    return Side(name, counts, tuple(problems))


def test_groups_are_paired_on_the_problems_that_both_have():
    left, right = side("a", "pqrs"), side("b", "srx")
    assert left.shares_problems(right)
    found = rates_of(left, right, np.array([1, 2]), np.array([1]))
    assert found.is_paired
    assert found.left[:, 0] == pytest.approx([2 / 8, 3 / 8])  # of r and s, in this order
    assert found.right[:, 0] == pytest.approx([1 / 8, 0.0])
    assert found.left[0, 1] == pytest.approx(1 - (6 * 5) / (8 * 7))
    assert not left.shares_problems(side("c", "sx"))
    apart = rates_of(left, side("c", "sx"), np.array([1]), np.array([1]))
    assert (apart.is_paired, len(apart.left), len(apart.right)) == (False, 4, 2)
    assert rates_of(left, side("d", "x"), np.array([1]), np.array([1])) is None


def test_clusters_of_some_problems_are_numbered_afresh():
    left = side("a", "pqrs", clusters=[0, 1, 2, 2])
    assert left.only(["r", "s", "q"]).cluster.tolist() == [1, 1, 0]


@pytest.mark.parametrize("ratio", [0.1, 1.0, 7.0])
def test_the_ratio_of_tokens_is_that_at_which_so_many_attempts_cost_as_much(ratio):
    """Snell et al. 2024: an attempt of a model M times as large costs M + 3 (M - 1) / R of the smaller one."""
    trade = Trade(14.0, ratio)
    assert trade.factor == pytest.approx(14 + 3 * 13 / ratio)
    assert trade.ratio_at(trade.factor) == pytest.approx(ratio)
    assert trade.ratio_at(14.0) is None
    assert trade.ratio_at(13.0) is None
    assert trade.ratio_at(None) is None
