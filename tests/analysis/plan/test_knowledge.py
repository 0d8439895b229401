"""What is known before a plan: the noise of runs, the information of arms, and the compute that equals two groups."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.goals import parse_goal
from scaling_cli.analysis.plan.knowledge import KNOTS, Noise, _multiplier, computed, noise_of, view
from scaling_cli.errors import FitError
from scaling_cli.record import replace
from tests.analysis.plan.surfaces import arm

RUNS = {"params": np.array([1e8, 4e8, 1e9]), "tokens": np.array([1e10, 1e10, 4e10])}
MORE = {"params": np.array([2e8, 2e9]), "tokens": np.array([5e10, 3e9])}


def test_noise_that_changes_with_compute_changes_within_its_range_alone():
    noise = Noise(0.01, -0.5, 1e20, (1e18, 1e22))
    sizes = 0.01 * np.exp(-0.5 * np.array([-2.0, -2.0, 0.0, 1.0, 2.0, 2.0]))
    assert noise.at(np.array([1e15, 1e18, 1e20, 1e21, 1e22, 1e25])) == pytest.approx(sizes)
    assert Noise(0.01).at(np.array([1e15, 1e25])).tolist() == [0.01, 0.01]


def test_the_change_of_noise_is_the_line_through_logs_of_residuals():
    compute = np.geomspace(1e18, 1e22, 20)
    residuals = 0.01 * np.exp(-0.3 * np.log10(compute / 1e20)) * np.where(np.arange(20) % 2, 1, -1)
    found = noise_of(residuals, compute, 0.02)
    assert (found.sigma, found.slope) == (0.02, pytest.approx(-0.3))
    assert found.centre == pytest.approx(1e20)
    assert found.ends == pytest.approx((1e18, 1e22))
    assert noise_of(residuals[:19], compute[:19], 0.02) == Noise(0.02)  # too few runs
    assert noise_of(residuals, np.full(20, 1e20), 0.02) == Noise(0.02)
    steep = noise_of(0.01 * np.exp(2.0 * np.log10(compute / 1e20)), compute, 0.02)
    assert steep.slope == 0.5
    assert noise_of(-0.01 * np.exp(-2.0 * np.log10(compute / 1e20)), compute, 0.02).slope == -0.5


def test_a_change_of_noise_must_be_two_and_a_half_standard_errors():
    x = np.linspace(-2, 2, 20)
    even = np.where(np.arange(20) % 2, 1.0, -1.0)
    even -= x * (even @ x) / (x @ x)  # now without mean and slope
    error = float(np.std(even) / np.sqrt(x @ x))
    for times, is_seen in ((2.6, True), (2.4, False)):
        residuals = 0.01 * np.exp(times * error * x + even)
        assert (noise_of(residuals, 10 ** (20 + x), 0.01).slope > 0) == is_seen


def test_compute_is_six_flops_per_param_and_token_where_it_is_not_known():
    assert computed(RUNS).tolist() == [6e18, 2.4e19, 2.4e20]
    assert computed({"compute": np.array([3.0])}).tolist() == [3.0]


def test_runs_that_there_are_tell_what_they_would_tell_as_planned_runs():
    """The information is that of `rows`: runs as part of a plan and runs that exist add up to the same."""
    plain = arm(draws=2)
    goals = [parse_goal("alpha")]
    there = view([replace(plain, present=MORE)], goals, [RUNS, MORE], draws=2)
    alone = view([plain], goals, [RUNS, MORE], draws=2)
    assert not alone.known.any()
    rows = there.rows[1]
    assert there.known == pytest.approx(rows.swapaxes(1, 2) @ rows)
    double = view([replace(plain, noise=Noise(0.01))], goals, [RUNS, MORE], draws=2)
    assert 2 * double.rows[0] == pytest.approx(alone.rows[0])
    assert view([plain], goals, [RUNS], draws=0).rows[0].shape == (3, 3, 5)
    assert there.departures == 0


def test_a_covariance_is_information_on_raw_coordinates():
    plain, goal = arm(draws=2), parse_goal("alpha")
    known = np.diag([1.0, 4.0, 9.0, 16.0, 25.0])
    seen = view([replace(plain, covariance=known)], [goal], [RUNS], draws=0)
    variances = [g @ np.linalg.inv(k) @ g for g, k in zip(seen.goals[0].gradient, seen.known, strict=True)]
    place = plain.law.names.index("alpha")
    moved = plain.parameters + 1e-6 * (np.arange(5) == place)
    turned = (plain.law.to_coordinates(moved) - plain.law.to_coordinates(plain.parameters))[:, place] / 1e-6
    slope = 1 / turned / (plain.parameters[:, place] if seen.goals[0].is_log else 1.0)
    assert variances == pytest.approx(slope**2 * known[place, place], rel=1e-3)
    prior = view([replace(plain, prior=known)], [goal], [RUNS], draws=0, with_prior=True)
    assert prior.known == pytest.approx(seen.known)
    assert not view([replace(plain, prior=known)], [goal], [RUNS], draws=0).known.any()


def test_two_groups_stand_one_after_another_and_differ_by_the_second_less_the_first():
    first, second = arm(draws=3, name="a"), arm(draws=1, name="b", sigma=0.01)
    second = replace(second, parameters=second.parameters + np.array([0, 0, 0, 0.01, 0]), present=MORE)
    goal = parse_goal("difference(alpha)")
    names = first.law.names
    both = view([first, second], [goal], [RUNS], draws=0)
    own = [view([each], [parse_goal("alpha")], [RUNS], draws=0) for each in (first, second)]
    assert both.rows[0].shape == (2, 6, 10)
    assert both.rows[0][:, :3, :5] == pytest.approx(own[0].rows[0][:2])
    assert both.rows[0][:, 3:, 5:] == pytest.approx(own[1].rows[0][:2])
    assert not both.rows[0][:, :3, 5:].any()
    assert not both.rows[0][:, 3:, :5].any()
    assert not both.known[:, :5].any()
    assert both.known[:, 5:, 5:] == pytest.approx(own[1].known[:2])
    assert both.goals[0].gradient[:, 5:] == pytest.approx(own[1].goals[0].gradient[:2])
    assert both.goals[0].gradient[:, :5] == pytest.approx(-own[0].goals[0].gradient[:2])
    changed = second.parameters[0, names.index("alpha")] - first.parameters[0, names.index("alpha")]
    if not both.goals[0].is_log:
        assert both.goals[0].values[0] == pytest.approx(changed)


def test_a_multiplier_is_where_the_second_groups_loss_is_the_firsts():
    knots = np.array(KNOTS)
    losses = np.stack([1.0 - 0.1 * knots, 1.0 - 0.1 * knots + 0.002 * knots**2])
    wanted = np.array([1.0 - 0.1 * 1.25, 1.0 + 0.1 * 2.5 + 0.002 * 2.5**2])
    assert _multiplier(wanted, losses) == pytest.approx([1.25, -2.5], abs=1e-9)
    assert _multiplier(losses[:1, 0], losses[:1]) == pytest.approx([-4.0], abs=1e-9)
    for far in (1.0 - 0.1 * 4.01, 1.0 + 0.1 * 4.01):
        with pytest.raises(FitError, match="55 times more or less"):
            _multiplier(np.array([far]), losses[:1])
