"""Goals: as text, and their values and gradients against closed forms and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.goals import Goal, check_goal, known, parse_goal, places, total_weights
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
        ("", "cannot be"), ("params@1e24@1e25", "more than one goal"),
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
    with pytest.raises(UsageError, match="a law of compute, so it gives no best split"):
        check_goal(parse_goal("params@1e24"), find_law("power"), {"x": "compute"})
    for wrong, law in (("gamma", "power"), ("loss@params=1B", "chinchilla")):  # what a hint shows works
        with pytest.raises(UsageError) as refused:
            check_goal(parse_goal(wrong), find_law(law))
        check_goal(parse_goal(refused.value.hint.split()[-1].rstrip(".")), find_law(law))
    assert parse_goal("2*params@1e24").weight == 2


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("alpha", Goal("alpha", "parameter", "alpha")),
        (" 0.5 * alpha ", Goal("alpha", "parameter", "alpha", weight=0.5)),
        ("difference( beta )", Goal("difference( beta )", "difference", "beta")),
        ("3*difference(E)", Goal("difference(E)", "difference", "E", weight=3.0)),
        ("params@1e24", Goal("params@1e24", "params", at={"compute": 1e24})),
        ("tokens @ 1e24", Goal("tokens@1e24", "tokens", at={"compute": 1e24})),
        ("2*loss@params=70B, tokens=1.4T", Goal("loss@params=70B, tokens=1.4T", "loss",
                                                 at={"params": 7e10, "tokens": 1.4e12}, weight=2.0)),
        ("loss@1e22", Goal("loss@1e22", "loss", at={"compute": 1e22})),
        ("1e-3*multiplier@1e21", Goal("multiplier@1e21", "multiplier", at={"compute": 1e21}, weight=1e-3)),
        ("coverage@10k", Goal("coverage@10k", "coverage", at={"compute": 1e4})),
    ],
)  # fmt: skip
def test_a_goal_is_read_as_it_is_written(text, goal):
    found = parse_goal(text)
    assert found == goal
    assert found.between == (found.what in ("difference", "multiplier"))


@pytest.mark.parametrize(
    ("text", "law", "problem"),
    [
        ("alpha", "chinchilla", None), ("params_exponent", "chinchilla", None), ("difference(A)", "chinchilla", None),
        ("params@1e24", "chinchilla", None), ("loss@1e24", "chinchilla", None), ("multiplier@1e21", "power", None),
        ("loss@params=1B,tokens=20B", "chinchilla", None), ("loss@1e24", "power-constant", None),
        ("loss@compute=1e24", "power", None),
        ("coverage@100", "chinchilla", "needs a log of attempts"),
        ("difference(gamma)", "chinchilla", "has no quantity 'gamma'"),
        ("tokens@1e24", "power-constant", "so it gives no best split"),
        ("loss@params=1B", "chinchilla", "does not give tokens"),
        ("loss@width=1024", "chinchilla", "does not give params and tokens"),
        ("loss@params=1B,tokens=20B,lr=3", "chinchilla", "gives params, tokens and lr, but chinchilla is a law of"),
        ("loss@params=1B,tokens=20B,compute=1e20", "chinchilla", "gives params, tokens and compute, but"),
        ("loss@params=1B,tokens=20B", "power", None), ("loss@params=1B,lr=3", "power", "gives params and lr, but"),
    ],
)  # fmt: skip
def test_a_goal_must_follow_from_the_law(text, law, problem):
    if problem is None:
        check_goal(parse_goal(text), find_law(law))
        return
    with pytest.raises(UsageError) as caught:
        check_goal(parse_goal(text), find_law(law))
    assert problem in caught.value.message


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("loss@1e24", "compute", None), ("loss@params=1B,tokens=20B", "compute", None),
        ("loss@params=1B", "params", None),
        ("loss@1e24", "params", "gives compute, but power is a law of params"),
        ("multiplier@1e24", "params", "gives compute, but power is a law of params"),
        ("loss@params=1B", "compute", "gives params, but power is a law of compute"),
        ("loss@params=1B,tokens=20B", "params", "gives params and tokens, but power is a law of params"),
    ],
)  # fmt: skip
def test_an_amount_is_that_of_the_column_of_the_law(text, column, problem):
    if problem is None:
        check_goal(parse_goal(text), find_law("power"), {"x": column})
        return
    with pytest.raises(UsageError) as caught:
        check_goal(parse_goal(text), find_law("power"), {"x": column})
    assert problem in caught.value.message
    assert caught.value.hint.startswith(f"Write it like loss@{column}=")


@pytest.mark.parametrize("text", ["params@1e24,1e25", "loss@compute=1e22,1e23", "loss@params=1B,params=2B,tokens=3B"])
def test_a_goal_has_one_amount_of_each_input(text):
    with pytest.raises(UsageError, match="has two amounts of"):
        parse_goal(text)


def test_a_goal_needs_the_law_at_the_places_it_asks_about():
    surface, line = find_law("chinchilla"), find_law("power")
    assert places(parse_goal("alpha"), surface) == places(parse_goal("difference(alpha)"), surface) == []
    (spot,) = places(parse_goal("params@1e22"), surface)
    assert 6 * spot["params"] * spot["tokens"] == pytest.approx(np.full(len(spot["params"]), 1e22))
    assert [spot["compute"][0] for spot in places(parse_goal("multiplier@1e22"), surface)] == [1e22]
    (run,) = places(parse_goal("loss@params=7B,tokens=2T"), surface)
    assert {name: values.tolist() for name, values in run.items()} == {"params": [7e9], "tokens": [2e12]}
    assert [spot["x"].tolist() for spot in places(parse_goal("loss@1e22"), line)] == [[1e22]]
    assert [spot["x"].tolist() for spot in places(parse_goal("loss@params=1B,tokens=20B"), line)] == [[1.2e20]]
    assert [spot["x"].tolist() for spot in places(parse_goal("multiplier@1e22"), line)] == [[1e22]]


def test_values_and_their_kind_are_those_of_the_law():
    law = find_law("chinchilla")
    for text, is_log, expected in (
        ("E", law.parameters[0].positive, PARAMETERS[:, 0]),
        ("A", True, PARAMETERS[:, 1]),
        ("alpha", law.parameters[3].positive, PARAMETERS[:, 3]),
        ("loss@params=7B,tokens=2T", True, PARAMETERS[:, 0] + PARAMETERS[:, 1] / 7e9 ** PARAMETERS[:, 3]
         + PARAMETERS[:, 2] / 2e12 ** PARAMETERS[:, 4]),
        ("params_exponent", False, PARAMETERS[:, 4] / (PARAMETERS[:, 3] + PARAMETERS[:, 4])),
        ("tokens@1e22", True, [1e22 / 6 / best_params(each, 1e22) for each in PARAMETERS]),
    ):  # fmt: skip
        goal = parse_goal(text)
        place = ground(law, [RUNS, *places(goal, law)])
        found = known(goal, place, place.coordinates(PARAMETERS), 1)
        assert found.is_log == is_log
        assert found.shown() == pytest.approx(np.array(expected), rel=1e-6)


def test_weights_are_those_of_the_goals():
    assert total_weights([parse_goal("2*alpha"), parse_goal("beta")]).tolist() == [2.0, 1.0]
