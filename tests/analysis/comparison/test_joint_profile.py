"""Profiles of differences between groups that share parameters."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.comparison.hypothesis_tests import Contrast
from scaling_cli.analysis.comparison.joint_profile import ByDifference, joint_difference_profile
from scaling_cli.analysis.comparison.models import joint_problem
from scaling_cli.analysis.comparison.nested import fit_contrast, null_distribution_of
from scaling_cli.analysis.comparison.sharing import covariance, same_exponent_of
from scaling_cli.fitting.drawing import Resampling
from tests.analysis.comparison.sharing_simulations import Design, shares
from tests.analysis.comparison.simulations import binomial_bounds
from tests.analysis.comparison.test_models import group


@pytest.fixture(scope="module")
def fitted():
    groups = [group("a", points=9), group("b", b=-0.16, points=8, seed=1)]
    return fit_contrast(same_exponent_of(groups, ["c"], None, is_paired=False))


def coordinates(fit):
    wider = fit.contrast.wider
    k = wider.members[0].problem.law.names.index("b")
    return int(wider.index[0][k]), int(wider.index[1][k])


def profile_of(fit):
    left, right = coordinates(fit)
    contrast = np.zeros(len(fit.fitted))
    contrast[left], contrast[right] = 1, -1
    error = float(np.sqrt(contrast @ covariance(fit) @ contrast))
    return joint_difference_profile(fit, left, right, error), error


def test_the_statistic_of_no_difference_is_that_of_the_test(fitted):
    found, _ = profile_of(fitted)
    assert found.statistic(0.0) == pytest.approx(fitted.statistic, rel=0.02)
    assert found.statistic(found.estimate) == 0


def test_the_interval_of_precise_data_is_that_of_a_straight_line():
    groups = [group("a", points=30, noise=1e-6), group("b", points=30, noise=1e-6, seed=1)]
    found, error = profile_of(fit_contrast(same_exponent_of(groups, ["c"], None, is_paired=False)))
    expected = found.estimate - 2 * error, found.estimate + 2 * error
    assert found.interval(4.0) == pytest.approx(expected, abs=0.1 * error)


def test_a_difference_is_a_coordinate_with_its_slope_and_bounds(fitted):
    left, right = coordinates(fitted)
    problem = ByDifference(fitted.contrast.wider, left, right)
    theta = problem.turned(fitted.fitted[None])
    assert theta[0, right] == fitted.fitted[left] - fitted.fitted[right]
    assert problem.turned(theta)[0] == pytest.approx(fitted.fitted)
    _, slopes = problem.residuals(theta)
    for k in range(theta.shape[1]):
        step = np.zeros_like(theta)
        step[0, k] = 1e-6
        change = problem.residuals(theta + step)[0] - problem.residuals(theta - step)[0]
        assert -change[0] / 2e-6 == pytest.approx(slopes[0, :, k], abs=1e-6)
    low, high = problem.joint.low, problem.joint.high
    assert (problem.low[right], problem.high[right]) == (low[left] - high[right], high[left] - low[right])
    assert (problem.low[left], problem.high[left]) == (low[left], high[left])


def test_groups_with_one_floor_are_judged_by_draws_alone_and_the_others_by_the_mean_with_f(fitted):
    groups = fitted.contrast.groups
    alone = fit_contrast(Contrast(groups, joint_problem(groups, ("b",)), None, 1))
    distributions = [null_distribution_of(Resampling(49, 1, 1), fit) for fit in (fitted, alone)]
    assert [each.is_averaged for each in distributions] == [False, True]


@pytest.mark.slow
@pytest.mark.parametrize("design", [Design(2, 8), Design(2, 8, 4.0), Design(3, 8)], ids=str)
def test_with_one_floor_and_eight_runs_the_size_is_near_five_percent_and_the_interval_holds(design):
    found = shares(design, 300)
    low, high = binomial_bounds(300 * design.pairs, share=0.06, level=0.99)
    assert low <= found.different <= high, found
    low, high = binomial_bounds(300 * design.pairs, share=0.935, level=0.99)
    assert low <= found.covered <= high, found


@pytest.mark.sample(2)
@pytest.mark.parametrize("seed", range(4))
def test_an_interval_with_one_floor_contains_zero_where_the_test_does_not_reject(seed):
    result = scaling.compare_exponents(
        Design(2, 8).data(seed), by=["group"], shared_floor=True, replicates=199, seed=seed
    ).results[0]
    assert result.floor == "shared"
    (pair,) = result.comparisons
    difference = pair.exponent_difference["b"]
    assert (difference.low <= 0 <= difference.high) == (pair.p_value > 0.05)


def test_least_absolute_deviations_have_intervals_about_as_wide_as_the_default():
    widths = {}
    for objective in ("huber", "lad"):
        report = scaling.compare_exponents(
            Design(2, 12).data(1), by=["group"], shared_floor=True, replicates=199, seed=1, objective=objective
        )
        difference = report.results[0].comparisons[0].exponent_difference["b"]
        widths[objective] = difference.high - difference.low
    assert 0.7 < widths["lad"] / widths["huber"] < 2


def test_exact_data_have_an_exact_difference():
    same, apart = (
        scaling.compare_exponents(
            pl.concat([line(0.15, "a"), line(exponent, "b")]), by=["group"], shared_floor=True, replicates=99, seed=1
        )
        for exponent in (0.15, 0.2)
    )
    assert same.results[0].comparisons[0].exponent_difference["b"].estimate == pytest.approx(0, abs=1e-9)
    difference = apart.results[0].comparisons[0].exponent_difference["b"]
    assert (difference.low, difference.high) == pytest.approx((0.05, 0.05), abs=1e-6)


def line(exponent, name):
    """Eight runs without noise."""
    compute = np.geomspace(1e18, 1e21, 8)
    return pl.DataFrame({"group": [name] * 8, "compute": compute, "loss": 1.7 + 800 * compute**-exponent})
