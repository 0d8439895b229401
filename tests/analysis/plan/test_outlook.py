"""Expected widths of intervals, for a law that is linear in logs, where a regression tells them exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from scaling_cli.analysis.plan.goals import Known, parse_goal
from scaling_cli.analysis.plan.knowledge import Arm, Noise
from scaling_cli.analysis.plan.limits import Candidates
from scaling_cli.analysis.plan.outlook import Outlook, interval_now, interval_then, quantile, typical, width_of
from scaling_cli.laws import find_law
from scaling_cli.results.fit import Estimate

SIGMA = 0.01
LAW = find_law("power")
COMPUTE = np.geomspace(1e18, 1e21, 7)
PARAMETERS = np.array([[30.0, -0.06], [31.0, -0.061], [29.0, -0.059]])


def runs(compute):
    """Runs of so many FLOPs at 20 tokens per param."""
    params = np.sqrt(np.asarray(compute) / 120)
    return Candidates(params, 20 * params)


def arm(**more):
    return Arm("", LAW, PARAMETERS, Noise(SIGMA), {"x": "compute"}, **more)


def outlook(*goals, **more):
    return Outlook([arm(**more)], tuple(map(parse_goal, goals)), 0.95)


def deviation_of_slope(compute, repeats=1.0):
    x = np.log(compute)
    weights = np.ones(len(x)) * repeats
    mean = (weights @ x) / weights.sum()
    return SIGMA / np.sqrt(weights @ (x - mean) ** 2)


def test_the_deviation_of_an_exponent_is_that_of_a_regression():
    look = outlook("b")
    seen = look.seen([runs(COMPUTE)])
    assert look.deviations(seen, 0)[0] == pytest.approx(deviation_of_slope(COMPUTE), rel=1e-6)
    assert look.deviations(seen, 0, times=4.0)[0] == pytest.approx(deviation_of_slope(COMPUTE) / 2, rel=1e-6)
    repeats = np.array([3.0, 0, 0, 1, 0, 0, 2])
    assert look.deviations(seen, 0, repeats)[0] == pytest.approx(deviation_of_slope(COMPUTE, repeats), rel=1e-6)


def test_runs_that_there_are_count_with_those_of_a_plan():
    both = np.concatenate([COMPUTE, [1e22]])
    look = outlook("b", present={"x": COMPUTE})
    seen = look.seen([runs([1e22])])
    assert look.deviations(seen, None)[0] == pytest.approx(deviation_of_slope(COMPUTE), rel=1e-6)
    assert look.deviations(seen, 0)[0] == pytest.approx(deviation_of_slope(both), rel=1e-6)


def test_a_covariance_stands_for_runs():
    look = outlook("b", covariance=np.diag([1.0, 0.002**2]))
    assert look.deviations(look.seen([runs(COMPUTE)]), None)[0] == pytest.approx(0.002, rel=1e-6)


def test_what_no_run_determines_is_infinite():
    look = outlook("b", "a")
    assert look.deviations(look.seen([runs([1e20])]), 0).tolist() == [np.inf, np.inf]
    assert np.isfinite(look.deviations(look.seen([runs([1e18, 1e20])]), 0)).all()


def test_two_parts_are_two_designs():
    look = outlook("b")
    seen = look.seen([runs(COMPUTE), runs([1e18, 1e22])])
    assert look.deviations(seen, 1)[0] == pytest.approx(deviation_of_slope([1e18, 1e22]), rel=1e-6)


def test_widths_are_in_decades_for_what_is_positive():
    look = outlook("b", "a", "loss@1e22")
    assert look.units == pytest.approx([1.0, np.log(10), np.log(10)])
    width = look.width(np.array([0.1, 0.1, 0.1]), 10)
    assert width == pytest.approx(2 * t.ppf(0.975, 10) * 0.1 / look.units, rel=1e-3)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("spare", [1, 2, 3, 5, 10, 100])
def test_quantiles_are_students(level, spare):
    expected = t.ppf((1 + level) / 2, spare)
    assert quantile(level, spare) == pytest.approx(expected, rel=2e-2 if spare == 3 and level > 0.95 else 2e-3)
    assert quantile(level, 0) == quantile(level, 1)


@pytest.mark.parametrize(("level", "spare", "off"), [(0.999, 40, 1e-6), (0.99, 20, 2e-6), (0.95, 12, 3e-6)])
def test_each_term_of_the_series_of_quantiles_counts(level, spare, off):
    assert quantile(level, spare) == pytest.approx(t.ppf((1 + level) / 2, spare), rel=off)


@pytest.mark.parametrize(("factor", "times"), [(1.0, 1.0), (2.0, 4.0), (0.5, 0.25)])
def test_a_design_is_repeated_by_the_square_of_the_precision_wanted(factor, times):
    look = outlook("b")
    seen = look.seen([runs(COMPUTE)])
    wanted = look.deviations(seen, 0) / factor
    assert look.times_needed(seen, 0, np.ones(7), wanted) == pytest.approx(times, rel=2e-3)


def test_a_precision_that_no_repetition_reaches_has_no_number():
    look = outlook("b")
    seen = look.seen([runs(COMPUTE), runs([1e20])])
    assert look.times_needed(seen, 0, np.ones(7), np.array([1e-9])) is None
    assert look.times_needed(seen, 0, np.ones(7), np.array([np.inf])) is None
    assert look.times_needed(seen, 1, np.ones(1), np.array([0.01])) is None


def known(values, *, is_log=False):
    return Known(np.array(values, dtype=float), np.zeros((len(values), 2)), is_log=is_log)


def test_the_interval_of_today_is_that_of_the_draws():
    found = interval_now(known([5.0, *range(101)]), 0.9)
    assert (found.estimate, found.low, found.high) == pytest.approx((5.0, 5.0, 95.0))
    assert interval_now(known([-7.0, *range(101)]), 0.9).low == -7.0
    assert interval_now(known([200.0, *range(101)]), 0.9).high == 200.0
    logs = interval_now(known(np.log([2.0, 1.0, 4.0]), is_log=True), 0.9)
    assert (logs.estimate, logs.low > 1.0, logs.high < 4.0) == (pytest.approx(2.0), True, True)


def test_today_has_no_interval_without_two_draws_and_no_estimate_where_there_is_none():
    assert interval_now(known([5.0]), 0.9) == interval_now(known([5.0, 6.0]), 0.9) == Estimate(5.0)
    assert interval_now(known([5.0, 6.0, np.nan]), 0.9) == Estimate(5.0)
    assert interval_now(known([5.0, 6.0, 7.0]), 0.9).low is not None
    assert interval_now(known([np.nan, 6.0, 7.0]), 0.9).estimate is None
    assert interval_now(known([np.nan, 6.0, 7.0]), 0.9).high is not None


def test_the_expected_interval_lies_around_the_estimate_of_today():
    assert interval_then(known([5.0]), 2.0) == Estimate(5.0, 4.0, 6.0)
    logs = interval_then(known([np.log(5.0)], is_log=True), 2.0)
    assert (logs.estimate, logs.low, logs.high) == pytest.approx((5.0, 0.5, 50.0))
    assert interval_then(known([np.nan]), 2.0) == Estimate(None)
    assert interval_then(known([5.0]), np.inf) == Estimate(5.0, None, None)
    assert interval_then(known([5.0], is_log=True), 2000.0).high is None


def test_widths_are_decades_or_differences():
    assert width_of(Estimate(2.0, 1.0, 100.0), is_log=True) == pytest.approx(2.0)
    assert width_of(Estimate(2.0, 1.0, 4.0), is_log=False) == 3.0
    assert width_of(Estimate(2.0, -1.0, 4.0), is_log=False) == 5.0
    for end in (None, 0.0, -1.0):
        assert width_of(Estimate(2.0, end, 100.0), is_log=True) == np.inf
    assert width_of(Estimate(2.0, 1.0, None), is_log=False) == np.inf


def test_draws_without_a_value_do_not_count_in_a_deviation_and_few_far_ones_do_not_decide():
    found = np.array([3.0, 4.0, 5.0, np.nan, 4.0])
    assert typical(found) == pytest.approx(np.sqrt(np.mean([9, 16, 25, 16])))
    assert typical(np.append(np.full(24, 1.0), 1e6)) == pytest.approx(np.sqrt((24 + 25) / 25))
    assert np.isnan(typical(np.array([1.0, np.nan, np.nan, np.inf])))
