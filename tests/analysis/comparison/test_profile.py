"""Profiles of groups add up to profiles of differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.analysis.comparison.models import Member, joint_problem, solve_in_chunks
from scaling_cli.analysis.comparison.profile import (
    FINE,
    ParameterProfile,
    _finer,
    _statistic,
    crossings,
    difference_profile,
    profile_asking,
    spread,
    standard_errors,
)
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from tests.analysis.comparison.test_models import group


def test_a_straight_line_has_the_interval_of_student():
    one = group("a", law="power", points=12)
    x, y = np.log(one.problem.columns["x"]), np.log(one.problem.observed)
    line = stats.linregress(x, y)
    scale = float(np.sqrt(np.sum(one.problem.residuals(one.theta[None])[0] ** 2) / 10))
    reach = stats.t.ppf(0.975, 10) * line.stderr
    low, high = alone(profile_asking(one, "b", scale)).interval(stats.f.ppf(0.95, 1, 10), scale)
    assert (low, high) == pytest.approx((line.slope - reach, line.slope + reach), rel=1e-4)
    assert standard_errors(one, scale)[1] == pytest.approx(line.stderr, rel=1e-6)


def test_differences_of_straight_lines_have_the_pooled_interval():
    one, two = group("a", law="power", points=12), group("b", law="power", b=-0.2, points=9, seed=1)
    scales = (0.003, 0.004)
    found = difference_profile(
        alone(profile_asking(one, "b", scales[0])), alone(profile_asking(two, "b", scales[1])), scales
    )
    error = np.hypot(standard_errors(one, scales[0])[1], standard_errors(two, scales[1])[1])
    exact = found.estimate - 2 * error, found.estimate + 2 * error
    assert found.interval(4.0) == pytest.approx(exact, rel=2e-3)
    assert found.statistic(found.estimate + 3 * error) == pytest.approx(9, rel=0.01)


def test_no_difference_costs_what_the_joint_fit_says():
    members = [group("a", points=12), group("b", b=-0.18, c=1.3, points=10, seed=1)]
    scales = (0.003, 0.003)
    found = difference_profile(*(alone(profile_asking(each, "b", 0.003)) for each in members), scales)
    null = joint_problem(members, ("b",))
    together = solve_in_chunks(null, null.gathered([each.theta[None] for each in members]), delta=np.inf).value[0]
    apart = sum(solve_in_chunks(each.problem, each.theta[None], delta=np.inf).value[0] for each in members)
    assert found.statistic(0.0) == pytest.approx(2 * (together - apart) / 0.003**2, rel=0.01)


def test_a_floor_that_the_data_leave_open_opens_the_exponent_on_its_side():
    x = np.geomspace(1e18, 3e19, 8)
    loss = (3e3 * x**-0.2 + 1.5) * np.exp(0.02 * np.random.default_rng(3).standard_normal(8))
    problem = problem_from_arrays(find_law("power-constant"), {"x": x}, loss, np.arange(8))
    one = Member("a", problem, optimum(problem, Objective("least-squares")).theta, np.inf)
    floor = alone(profile_asking(one, "c", 0.02))
    assert floor.interval(6.0, 0.02)[0] is None
    low, high = alone(profile_asking(one, "b", 0.02)).interval(6.0, 0.02)
    assert low is None or high is None or high - low > 0.3


def test_the_estimate_is_inside_its_interval():
    one = group("a", points=9, noise=0.01, seed=5)
    found = alone(profile_asking(one, "b", 0.01))
    low, high = found.interval(5.6, 0.01)
    assert (low or -9) < found.estimate < (high or 9)
    assert (np.diff(found.roots) >= -1e-6).all()


def test_a_curve_is_crossed_on_the_line_between_two_values():
    values, roots = np.array([0.0, 1.0, 3.0, 4.0, 8.0]), np.array([-4.0, -1.0, 0.0, 1.0, 3.0])
    assert crossings(values, roots, 2.0) == pytest.approx((2 / 3, 6.0))
    assert crossings(values, roots, 0.5) == pytest.approx((2.0, 3.5))
    assert crossings(values, roots, 1.0) == pytest.approx((1.0, 4.0))
    assert crossings(values, roots, 3.0) == pytest.approx((1 / 3, 8.0))
    assert crossings(values, roots, 3.5) == (pytest.approx(1 / 6), None)
    assert crossings(-values[::-1], -roots[::-1], 3.5) == (None, pytest.approx(-1 / 6))
    # Where the curve turns back far away, the crossing nearest to the estimate counts.
    assert crossings(np.arange(6.0), np.array([-3.0, -1.0, 0.0, 2.0, 1.0, 4.0]), 1.5) == pytest.approx((0.75, 2.75))


def test_a_curve_that_begins_or_ends_beyond_the_cut_is_crossed_at_its_end():
    values = np.array([1.0, 2.0, 3.0])
    assert crossings(values, np.array([4.0, 5.0, 6.0]), 2.0) == (None, 1.0)
    assert crossings(values, np.array([-6.0, -5.0, -4.0]), 2.0) == (3.0, None)
    assert crossings(values[:1], np.array([7.0]), 2.0) == (1.0, 1.0)


def test_errors_of_robust_fits_are_wider():
    one = group("a", law="power", points=12, noise=0.01)
    plain = standard_errors(one, 0.02)
    sizes = np.sort(np.abs(one.problem.residuals(one.theta[None])[0][0]))
    half = replace(one, delta=float(sizes[5]))
    assert standard_errors(half, 0.02) == pytest.approx(plain / np.sqrt(0.5))
    assert standard_errors(replace(one, delta=float(sizes[1])), 0.02) == pytest.approx(plain / np.sqrt(0.3))
    assert standard_errors(replace(one, delta=np.inf), 0.04) == pytest.approx(2 * plain)
    lad = standard_errors(replace(one, delta=1e-12), 0.02)
    assert standard_errors(replace(one, delta=1e-12), 0.5) == pytest.approx(lad)  # by the residuals, not by the scale
    uneven = replace(one, delta=1e-12, shape=np.full(12, 2.0))
    assert standard_errors(uneven, 0.02) == pytest.approx(lad / 2)


def test_nodes_between_values_are_even_and_keep_the_values():
    values = np.array([0.0, 1.0, 3.0, 3.5])
    fine = _finer(values)
    assert len(fine) == 3 * FINE + 1
    assert fine[::FINE] == pytest.approx(values)
    assert np.diff(fine[FINE : 2 * FINE + 1]) == pytest.approx(np.full(FINE, 2.0 / FINE))
    steps = spread(9)
    assert steps == pytest.approx(np.sinh(4 * np.linspace(-1, 1, 9)) / np.sinh(4))


def test_a_profile_is_infinite_beyond_its_nodes():
    one, two = linear(0.0, 1.0), linear(5.0, 2.0)
    assert _statistic(one, np.array([-3.1, -3.0, 0.0, 1.5, 3.0, 3.1]), 1.0).tolist() == pytest.approx(
        [np.inf, 9.0, 0.0, 2.25, 9.0, np.inf]
    )
    assert _statistic(one, np.array([1.5]), 0.5)[0] == pytest.approx(9.0)
    found = difference_profile(two, one, (1.0, 1.0))
    assert found.estimate == 5.0
    # Nodes reach three errors of each, so that differences reach 3 * 2 + 3 * 1 to either side.
    assert (found.values[0], found.values[-1]) == pytest.approx((-4.0, 14.0))
    assert found.statistic(5.0 + 1.7 * np.sqrt(5)) == pytest.approx(1.7**2, rel=0.02)
    assert found.statistic(0.0) == pytest.approx(5.0, rel=0.02)


def linear(estimate, error):
    steps = np.linspace(-3, 3, 61)
    return ParameterProfile(estimate, error, estimate + error * steps, steps, error)
