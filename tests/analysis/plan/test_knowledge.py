"""What is known before a plan: the noise of runs, the information of arms, and the compute that equals two groups."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from scaling_cli.analysis.plan.departures import TERMS, departures
from scaling_cli.analysis.plan.goals import parse_goal
from scaling_cli.analysis.plan.knowledge import KNOTS, Arm, Noise, _multiplier, computed, noise_of, view
from scaling_cli.errors import FitError
from scaling_cli.laws import find_law
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


MANY = {"params": np.array([1e8, 4e8, 1e9, 3e9, 2e8, 6e7]), "tokens": np.array([1e10, 1e11, 4e10, 3e9, 2e9, 9e10])}


def lowest(parameters, compute):
    """The lowest log loss of a budget, by another minimiser."""
    E, A, B, alpha, beta = parameters
    at = [np.log(E + A * np.exp(-alpha * x) + B * (compute / 6 * np.exp(-x)) ** -beta) for x in np.linspace(10, 40, 61)]
    start = np.linspace(10, 40, 61)[int(np.argmin(at))]
    return np.log(minimize_scalar(
        lambda x: E + A * np.exp(-alpha * x) + B * (compute / 6 * np.exp(-x)) ** -beta,
        bounds=(start - 1, start + 1), method="bounded", options={"xatol": 1e-10},
    ).fun)  # fmt: skip


def equal_compute(first, second, compute):
    """Log of the factor of compute with which the second law has the loss of the first."""
    wanted = lowest(first, compute)
    return brentq(lambda log: lowest(second, compute * np.exp(log)) - wanted, -3, 3, xtol=1e-10)


@pytest.mark.parametrize("log_factor", [0.02, 1.3, -2.1])
def test_the_gradient_of_a_multiplier_is_how_it_changes_with_each_parameter_of_each_group(log_factor):
    """Changes of a law's coordinates are read off the changes of the losses of six runs."""
    one = np.array([1.8, 480.0, 2100.0, 0.35, 0.37])
    rest = np.array([0.0, 520.0, 2000.0, 0.348, 0.365])
    floor = np.exp(lowest(one, 1e22)) - np.exp(lowest(rest, 1e22 * np.exp(log_factor)))
    first = replace(arm(draws=2, name="a"), parameters=one[None])
    second = replace(first, name="b", parameters=rest[None] + floor * (np.arange(5) == 0), noise=Noise(0.02))
    seen = view([first, second], [parse_goal("multiplier@1e22")], [MANY], draws=0)
    goal = seen.goals[0]
    values = [first.parameters[0], second.parameters[0]]
    assert goal.is_log
    assert goal.values[0] == pytest.approx(log_factor, rel=1e-3, abs=1e-5)

    def losses(E, A, B, alpha, beta):
        return np.log(E + A * MANY["params"] ** -alpha + B * MANY["tokens"] ** -beta)

    for i in (0, 1):
        rows = seen.rows[0][0, 6 * i : 6 * i + 6, 5 * i : 5 * i + 5] * [0.005, 0.02][i]
        for k in range(5):
            step = np.zeros(5)
            step[k] = 1e-4 * values[i][k]
            moved = losses(*(values[i] + step)) - losses(*(values[i] - step))
            theta = np.linalg.lstsq(rows, moved, rcond=None)[0]
            up, down = (
                equal_compute(*[value + sign * step * (j == i) for j, value in enumerate(values)], 1e22)
                for sign in (1, -1)
            )
            assert goal.gradient[0, 5 * i : 5 * i + 5] @ theta == pytest.approx(up - down, rel=1e-3)


def curves(*parameters, **more):
    law = find_law("power")
    return [
        Arm(str(i), law, np.array([row]), Noise(0.01), {"x": "compute"}, **more) for i, row in enumerate(parameters)
    ]


def test_a_multiplier_of_power_laws_of_compute_is_their_closed_form():
    runs = {"compute": np.array([1e18, 1e20])}
    pair = curves([30.0, -0.06], [32.0, -0.061])
    (goal,) = view(pair, [parse_goal("multiplier@1e21")], [runs], draws=0).goals
    factor = (30.0 * 1e21**-0.06 / 32.0) ** (1 / -0.061) / 1e21
    assert goal.shown() == pytest.approx([factor])
    assert goal.gradient.shape == (1, 4)


def test_runs_of_a_law_of_compute_tell_less_where_their_noise_is_larger():
    noise = Noise(0.01, -0.5, 1e20, (1e18, 1e22))
    compute = np.array([1e18, 1e20, 1e22])
    (plain,) = curves([30.0, -0.06])
    goal = parse_goal("b")
    loud = replace(plain, present={"x": compute}, noise=noise)
    even = view([plain], [goal], [{"compute": compute}], draws=0).rows[0]
    weighted = even * 0.01 / noise.at(compute)[:, None]
    found = view([loud], [goal], [{"compute": compute}], draws=0)
    assert found.rows[0] == pytest.approx(weighted)
    assert found.known == pytest.approx(weighted.swapaxes(1, 2) @ weighted)
    surface = replace(arm(draws=1), present=MORE, noise=noise)
    there, rows = (
        view([each], [parse_goal("E")], [MORE], draws=0) for each in (surface, replace(surface, present=None))
    )
    assert there.known == pytest.approx(rows.rows[0].swapaxes(1, 2) @ rows.rows[0])


def test_a_rival_has_one_more_parameter_at_which_it_is_the_law():
    plain, goal = arm(draws=2), parse_goal("alpha")
    own, more = (view([plain], [goal], [MANY], draws=0, rival=rival) for rival in (False, True))
    assert more.rows[0].shape == (3, 6, 6)
    # The space that the law's own parameters span is part of the rival's.
    for simple, wide in zip(own.rows[0], more.rows[0], strict=True):
        found = np.linalg.lstsq(wide, simple, rcond=None)[0]
        assert wide @ found == pytest.approx(simple, abs=1e-6 * np.abs(simple).max())
    assert more.goals[0].values == pytest.approx(own.goals[0].values)
    curve = curves([30.0, -0.06])[0]
    assert view([curve], [parse_goal("b")], [{"compute": np.array([1e18])}], draws=0, rival=True).known.shape == (
        1,
        2,
        2,
    )


def test_what_is_known_of_a_law_tells_nothing_of_its_rivals_parameter():
    plain, goal = replace(arm(draws=2), covariance=np.diag([1.0, 4.0, 9.0, 16.0, 25.0])), parse_goal("alpha")
    more = view([plain], [goal], [MANY], draws=0, rival=True)
    assert np.linalg.matrix_rank(more.known[0]) == 5
    both = view([replace(plain, prior=np.eye(5))], [goal], [MANY], draws=0, with_prior=True)
    assert both.known == pytest.approx(view([plain], [goal], [MANY], draws=0).known)  # runs say more than guesses


def test_doubts_of_one_law_are_further_columns_of_which_nothing_is_known():
    plain, goal = replace(arm(draws=2), present=MORE, doubt=0.03), parse_goal("loss@1e22")
    sure = view([plain], [goal], [MANY], draws=0)
    seen = view([plain], [goal], [MANY], draws=0, with_doubt=True)
    assert (sure.departures, seen.departures) == (0, TERMS)
    assert seen.rows[0][:, :, :5] == pytest.approx(sure.rows[0])
    logs = np.log(np.stack([MANY["params"], MANY["tokens"]], axis=1))
    assert seen.rows[0][:, :, 5:] == pytest.approx(departures(logs, 3, 0.03) / 0.005)
    assert seen.known[:, :5, :5] == pytest.approx(sure.known)
    assert seen.model().goals.shape == (3, 1, 5 + TERMS)
    for certain in ([replace(plain, doubt=0.0)], [plain, plain]):
        asked = [goal] if len(certain) == 1 else [parse_goal("difference(alpha)")]
        assert view(certain, asked, [MANY], draws=0, with_doubt=True).departures == 0


def test_a_model_has_the_runs_of_one_part_and_all_goals():
    goals = [parse_goal("alpha"), parse_goal("loss@1e22")]
    seen = view([arm(draws=2)], goals, [RUNS, MORE], draws=1)
    model = seen.model(1, 0.25)
    assert model.jacobian.shape == (1, 2, 5)
    assert model.goals[:, 1] == pytest.approx(seen.goals[1].gradient)
    assert model.weight == 0.25
    assert seen.model().jacobian.shape == (1, 3, 5)
