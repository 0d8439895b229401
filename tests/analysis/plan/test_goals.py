"""Goals: as text, and their values and gradients against closed forms and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.goals import check_goal, known, parse_goal, places
from scaling_cli.analysis.plan.ground import ground
from scaling_cli.analysis.plan.knowledge import Arm, Noise, view
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law

PARAMETERS = np.array([[1.8, 480.0, 2100.0, 0.35, 0.37], [1.7, 400.0, 900.0, 0.34, 0.31]])
RUNS = {"params": np.geomspace(1e7, 1e10, 9), "tokens": np.geomspace(1e11, 1e9, 9)}


def best_params(parameters, compute):
    _, a, b, alpha, beta = parameters
    return (alpha * a / (beta * b)) ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta))


def test_the_best_params_are_those_of_the_closed_form():
    law, goal = find_law("chinchilla"), parse_goal("params@1e24")
    place = ground(law, [RUNS, *places(goal, law)])
    values = known(goal, place, place.coordinates(PARAMETERS), 1).shown()
    assert values == pytest.approx([best_params(each, 1e24) for each in PARAMETERS], rel=1e-6)


@pytest.mark.parametrize(
    "text",
    ["params@1e22", "tokens@1e22", "loss@1e22", "loss@params=7B,tokens=2T", "E", "A", "beta", "params_exponent"],
)
@pytest.mark.parametrize("name", ["chinchilla", "general"])
def test_gradients_are_those_of_finite_differences(name, text):
    law, goal = find_law(name), parse_goal(text)
    check_goal(goal, law)
    parameters = PARAMETERS if name == "chinchilla" else np.column_stack([PARAMETERS, [1.0, 0.8]])
    place = ground(law, [RUNS, *places(goal, law)])
    theta = place.coordinates(parameters)
    gradient = known(goal, place, theta, 1).gradient
    for index in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[index] = 1e-5
        up, down = (known(goal, place, theta + sign * step, 1).values for sign in (1, -1))
        assert gradient[:, index] == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-6)


def test_a_multiplier_is_the_compute_that_the_second_group_needs():
    law, goal = find_law("chinchilla"), parse_goal("multiplier@1e21")
    roles = {"params": "params", "tokens": "tokens"}
    worse = PARAMETERS[:1] * np.array([1, 1.05, 1.05, 1, 1])
    arms = [Arm("a", law, PARAMETERS[:1], Noise(0.005), roles), Arm("b", law, worse, Noise(0.005), roles)]
    seen = view(arms, [goal], [RUNS], draws=0)

    def lowest(parameters, compute):
        params = best_params(parameters, compute)
        return parameters[0] + parameters[1] / params**0.35 + parameters[2] / (compute / 6 / params) ** 0.37

    factor = float(seen.goals[0].shown()[0])
    assert lowest(worse[0], 1e21 * factor) == pytest.approx(lowest(PARAMETERS[0], 1e21), rel=1e-6)


def test_a_law_of_one_input_has_goals_too():
    law, goal = find_law("power-constant"), parse_goal("loss@1e24")
    check_goal(goal, law)
    place = ground(law, [{"x": np.geomspace(1e18, 1e21, 5)}, *places(goal, law)])
    theta = place.coordinates(np.array([[1e3, -0.15, 1.7]]))
    assert known(goal, place, theta, 1).shown() == pytest.approx([1e3 * 1e24**-0.15 + 1.7])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("params", "lacks the compute after @"), ("params@x", "not a number"),
        ("alpha@1e24", "works only after params, tokens, loss, multiplier and coverage"),
        ("parms@1e24", "works only after params, tokens, loss, multiplier and coverage"),
        ("coverage", "lacks the number of attempts after @"),
        ("", "cannot be"),
        ("0*alpha", "weight"), ("params@params=7B", "needs a budget"), ("loss@-1", "Give"),
    ],
)  # fmt: skip
def test_goals_that_cannot_be_read_are_refused(text, problem):
    with pytest.raises(UsageError) as caught:
        parse_goal(text)
    assert problem in caught.value.message + caught.value.hint


def test_a_goal_that_the_law_has_not_is_refused():
    with pytest.raises(UsageError, match="has no quantity 'gamma'"):
        check_goal(parse_goal("gamma"), find_law("chinchilla"))
    with pytest.raises(UsageError, match="no best split"):
        check_goal(parse_goal("params@1e24"), find_law("power"))
    assert parse_goal("2*params@1e24").weight == 2
