"""The best split together with further inputs: what places of the box stand for, and the limits that decide."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.joint import Joint
from scaling_cli.analysis.allocation.space import Axis, Space
from scaling_cli.flops import flops_rule
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.record import replace

LAW = law_from_formula("E + A/(params*(1 - exp(-bits/g)))^alpha + B/tokens^beta", ("params", "tokens", "bits"))
TRUTH = {"E": 1.8, "A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.36, "g": 2.5}
BITS = "6 * params * tokens * bits / 16"
WIDE = Space(True, (Axis("bits", 1.0, 16.0),))


def joint(rule=BITS, space=WIDE, law=LAW, truth=TRUTH, held=None, **limits):
    theta = law.to_coordinates(np.array([[truth[name] for name in law.names]]))
    limits = {"searched": ("bits",), **limits} if "bits" in rule else limits
    return Joint(law, theta, held or {}, Costs(rule=flops_rule(rule), **limits), space)


def loss(params, tokens, bits):
    return 1.8 + 400 / (params * (1 - np.exp(-bits / 2.5))) ** 0.34 + 2000 / tokens**0.36


@pytest.mark.parametrize("inference", [0.0, 3e11])
def test_a_place_takes_the_whole_budget_between_the_fewest_and_the_most_params(inference):
    made, budget = joint(inference_tokens=inference), 1e22
    for params_at in (0.0, 0.3, 0.9):
        chosen = made.at(np.array([[params_at, 0.5]]), budget)
        params, tokens, bits = chosen.params[0], chosen.tokens[0], chosen.further["bits"][0]
        assert bits == pytest.approx(4.0)  # half of the way from 1 to 16 in logs
        most = budget / (6 * bits / 16 * (1 + inference / 3))
        assert params == pytest.approx(most**params_at, rel=1e-6)
        assert 6 * params * bits / 16 * (tokens + inference / 3) == pytest.approx(budget, rel=1e-9)
        if tokens > 1:
            assert chosen.log_loss[0] == pytest.approx(np.log(loss(params, tokens, bits)))


def test_limits_end_the_range_of_params():
    """Here 4 bits cost 1.5 FLOPs for each param and token, and inference a third of 1.5 for each param."""
    made = joint(min_params=1e8, max_params=1e11, max_tokens=1e12, inference_budget=2e9)
    low, high = (made.at(np.array([[at, 0.5]]), 1e21).params[0] for at in (0.0, 1.0))
    assert low == pytest.approx(1e21 / 1.5 / 1e12)  # above 1e8
    assert high == pytest.approx(2e9 * 3 / 1.5, rel=1e-6)  # below 1e11
    assert made.limit(np.array([0.0, 0.5]), 1e21) == "max-tokens"
    assert made.limit(np.array([1.0, 0.5]), 1e21) == "inference-budget"
    assert made.limit(np.array([0.5, 0.5]), 1e21) is None
    assert made.at(np.array([[0.0, 0.5]]), 1e19).params[0] == pytest.approx(1e8)
    assert made.limit(np.array([0.0, 0.5]), 1e19) == "min-params"
    assert joint(max_params=1e9).limit(np.array([1.0, 0.5]), 1e21) == "max-params"
    assert made.limit(np.array([0.5, 0.5]), 1e25) == "inference-budget and max-tokens"
    free = joint()
    assert [free.limit(np.array([at, 0.5]), 1e21) for at in (0.0, 1.0)] == ["fewer", "more"]
    narrow = joint(max_params=1e5, min_params=1e5)
    assert narrow.limit(np.array([0.5, 0.5]), 1e21) == "max-params and min-params"


def test_params_that_are_held_must_be_within_the_limits():
    space = Space(False, (Axis("bits", 1.0, 16.0),))
    at = np.array([[0.5]])
    for limits, is_allowed in (
        ({}, True),
        ({"min_params": 1e9, "max_params": 1e9}, True),
        ({"min_params": 1.1e9}, False),
        ({"max_params": 0.9e9}, False),
        ({"inference_budget": 1e9 * 4 / 16 * 2}, True),
        ({"inference_budget": 1e9 * 4 / 16 * 2 * 0.999}, False),
    ):
        made = joint(space=space, held={"params": 1e9}, **limits)
        chosen = made.at(at, 1.5e20)
        assert np.isfinite(chosen.log_loss[0]) == is_allowed
        assert chosen.params[0] == 1e9
        assert chosen.tokens[0] == pytest.approx(1e11)
        assert made.limit(np.array([0.5]), 1e20) is None


def test_one_choice_that_is_pinned_leaves_the_best_of_the_others():
    made = joint()
    pinned = made.pinned("bits", 4.0)
    assert pinned.space.dimensions == 1
    assert pinned.costs.searched == ()
    params = np.exp(np.linspace(15, 30, 40_001))
    best = np.min(np.log(loss(params, 1e22 / 1.5 / params, 4.0)))
    assert pinned.best(1e22).value[0] == pytest.approx(best, abs=1e-8)
    both = pinned.pinned("params", 1e10)
    assert both.space.dimensions == 0
    assert both.best(1e22).value[0] == pytest.approx(np.log(loss(1e10, 1e22 / 1.5e10, 4.0)))
    assert both.near(1e22, np.zeros((1, 0))).value == both.best(1e22).value


def test_each_replicate_has_its_own_budget_and_its_own_law():
    made = joint()
    other = {**TRUTH, "A": 100.0, "beta": 0.4}
    two = replace(made, theta=np.concatenate([made.theta, joint(truth=other).theta]))
    budgets = np.array([1e21, 1e23])
    best = two.best(budgets)
    alone = [joint().best(1e21).value[0], joint(truth=other).best(1e23).value[0]]
    assert best.value == pytest.approx(alone, abs=1e-9)
    assert two.replicates == 2
    assert two.first().replicates == 1


@pytest.mark.parametrize("rule", ["6 * params * tokens + 1e6 * tokens", "6 * params ** 1.1 * tokens"])
def test_params_end_where_any_rule_takes_the_whole_budget(rule):
    law = find_law("chinchilla")
    truth = {name: TRUTH[name] for name in law.names}
    made = joint(rule=rule, space=Space(True, ()), law=law, truth=truth, max_tokens=1e11)
    low, high = (made.at(np.array([[at]]), 1e21).params[0] for at in (0.0, 1.0))

    def cost(params):
        return 6 * params**1.1 if "1.1" in rule else 6 * params + 1e6

    assert cost(high) == pytest.approx(1e21, rel=1e-6)
    assert cost(low) * 1e11 == pytest.approx(1e21, rel=1e-6)


def test_a_law_that_takes_one_row_of_inputs_is_asked_row_by_row():
    class OneByOne(type(LAW)):
        takes_rows = False

    one = OneByOne(**{name: getattr(LAW, name) for name in LAW.__struct_fields__})
    made = joint()
    theta = np.concatenate([made.theta, joint(truth={**TRUTH, "A": 300.0}).theta])
    both = replace(made, theta=theta)
    places = np.array([[[0.3, 0.5], [0.6, 0.2]], [[0.4, 0.1], [0.2, 0.9]]])
    found = both.chosen(np.arange(2), places, 1e21)
    again = replace(both, law=one).chosen(np.arange(2), places, 1e21)
    assert again.log_loss == pytest.approx(found.log_loss)
    assert (again.params == found.params).all()
