"""What a split of a budget costs, and which params its limits allow."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.costs import Costs, power_of
from scaling_cli.errors import UsageError
from scaling_cli.flops import flops_rule

CURVED = "6 * params * tokens + 2e4 * params^0.7 * tokens"  # not in proportion to params
N = np.array([1e8])


def curved(**options):
    return Costs(flops_rule(CURVED), **options)


def per_token(params):
    return 6 * params + 2e4 * params**0.7


def test_training_and_inference_add_up_to_the_budget():
    for costs, each in ((Costs(inference_tokens=3e9), 6 * N), (curved(inference_tokens=3e9), per_token(N))):
        assert costs.per_token(N) == pytest.approx(each)
        assert costs.training(N, np.array([2e9])) == pytest.approx(each * 2e9)
        assert costs.inference(N) == pytest.approx(each * 3e9 / 3)
        tokens = costs.tokens(N, 1e19)
        assert costs.training(N, tokens) + costs.inference(N) == pytest.approx(1e19)


def test_a_budget_that_inference_takes_leaves_hardly_a_token_and_the_most_tokens_are_a_limit():
    assert Costs(inference_tokens=1e12).tokens(N, 1e19) == pytest.approx(1e-3)
    assert Costs(max_tokens=1e9).tokens(N, 1e19) == pytest.approx(1e9)


def test_plain_costs_have_one_rate_and_no_inference():
    assert (Costs().is_plain, Costs().rate, Costs().is_proportional) == (True, 6.0, True)
    assert not Costs(inference_tokens=1.0).is_plain
    assert (curved().is_plain, curved().rate, curved().is_proportional) == (False, None, False)


def test_unlimited_costs_are_those_of_training():
    limited = Costs(flops_rule("6ND"), inference_tokens=1e9, min_params=1e6, max_params=1e9, max_tokens=1e10)
    assert limited.unlimited() == Costs(flops_rule("6ND"))


@pytest.mark.parametrize(
    ("options", "least"),
    [({}, 6.0), ({"min_params": 100.0}, 600.0), ({"inference_tokens": 3.0, "min_params": 100.0}, 1200.0)],
)
def test_the_least_compute_is_that_of_one_token_of_the_smallest_model(options, least):
    assert Costs(**options).least_compute == pytest.approx(least)


@pytest.mark.parametrize("make", [Costs, curved])
def test_params_reach_from_the_limits_to_the_whole_budget(make):
    low, high = make().params_range(1e19, 1e9)
    assert low == 1.0
    assert make().per_token(np.array([high]))[0] * 1e9 == pytest.approx(1e19)
    low, high = make(max_tokens=1e10, inference_tokens=3e9).params_range(1e19, 1e9)
    for params, tokens in ((low, 1e10), (high, 1e9)):
        spent = make().per_token(np.array([params]))[0] * (tokens + 1e9)
        assert spent == pytest.approx(1e19)
    assert make(min_params=1e7, max_params=1e8).params_range(1e19, 1e9) == (1e7, 1e8)
    assert make(min_params=1e9, max_tokens=1e12).params_range(1e19, 1e9)[0] == 1e9


@pytest.mark.parametrize("make", [Costs, curved])
@pytest.mark.parametrize("inference", [0.0, 2e9])
def test_the_ratio_of_params_to_tokens_has_an_inverse(make, inference):
    costs = make(inference_tokens=inference)
    logs = np.log(np.array([1e7, 1e8, 6e8]))
    ratio = costs.log_ratio(logs, 1e19)
    assert ratio == pytest.approx(logs - np.log(costs.tokens(np.exp(logs), 1e19)))
    assert (np.diff(ratio) > 0).all()
    assert costs.log_params(ratio, 1e19, np.log(1e6), np.log(1e9)) == pytest.approx(logs)
    ends = costs.log_params(np.array([-99.0, 99.0]), 1e19, np.log(1e6), np.log(1e8))
    assert ends == pytest.approx(np.log([1e6, 1e8]))


@pytest.mark.parametrize("make", [Costs, curved])
def test_an_inference_budget_allows_the_params_of_one_forward_pass(make):
    costs = make(inference_budget=1e9)
    assert make().per_token(np.array([costs.affordable]))[0] / 3 == pytest.approx(1e9)
    assert costs.most_allowed == costs.affordable
    assert make(inference_budget=1e9, max_params=1e6).most_allowed == 1e6
    assert (make().affordable, make().most_allowed) == (np.inf, None)
    assert make(max_params=5e6).most_allowed == 5e6


def test_an_inference_budget_below_one_param_affords_none():
    costs = Costs(inference_budget=10.0)
    assert costs.affordable == pytest.approx(5.0)
    assert Costs(inference_budget=2.0 + 1e-9).affordable == pytest.approx(1.0)
    with pytest.raises(UsageError, match="less than a model of 1 params"):
        Costs(inference_budget=1.9)
    with pytest.raises(UsageError, match="1e\\+06 params"):
        Costs(inference_budget=1e6, min_params=1e6)
    assert Costs(inference_budget=1.9, searched=("recurrences",)).most_affordable(np.zeros(2), {}).tolist() == [0, 0]


@pytest.mark.parametrize("make", [Costs, curved])
@pytest.mark.parametrize("params", [1.0, 7.0, 1e6, 1e9, 3e9, 7e9, 1.3e10])
def test_an_inference_budget_that_just_pays_for_the_fewest_params_is_enough(make, params):
    budget = float(make().per_token(np.array([params]))[0]) / 3
    costs = make(inference_budget=budget, min_params=params)
    assert params <= costs.affordable == pytest.approx(params, rel=1e-9)
    with pytest.raises(UsageError, match="--inference-budget"):
        make(inference_budget=budget * (1 - 1e-9), min_params=params)


def test_limits_that_cross_are_refused_and_equal_ones_are_not():
    Costs(min_params=1e6, max_params=1e6)
    with pytest.raises(UsageError, match="--min-params is above"):
        Costs(min_params=2e6, max_params=1e6)


def test_a_rule_needs_its_columns_from_somewhere():
    rule = flops_rule("6 * params * tokens * (1 + loops)")
    with pytest.raises(UsageError, match="needs the columns loops") as refused:
        Costs(rule)
    assert "--hold loops=VALUE" in refused.value.hint
    assert Costs(rule, held={"loops": 2.0}).per_token(N) == pytest.approx(18 * N)
    assert Costs(rule, held={"loops": 2.0}).rate == pytest.approx(18)
    shaped = Costs(rule, shapes={"loops": (0.5, -1.0)})
    assert shaped.per_token(N) == pytest.approx(6 * N * (1 + np.exp(0.5 * np.log(N) - 1)))
    assert not shaped.is_proportional
    searched = Costs(rule, searched=("loops",))
    assert (searched.rate, searched.least_compute, searched.is_proportional) == (None, 1.0, True)
    assert searched.counted(N, {"loops": np.array([3.0])}) == pytest.approx(24 * N)


@pytest.mark.parametrize(
    ("options", "below", "above", "binding"),
    [
        ({}, None, None, "budget"),
        ({"min_params": 1e6}, "min-params", None, "min-params"),
        ({"max_params": 1e9}, None, "max-params", "max-params"),
        ({"max_tokens": 1e10}, "max-tokens", None, "max-tokens"),
        ({"max_tokens": 1e10, "min_params": 1e9}, "min-params", None, "min-params"),
        ({"max_tokens": 1e10, "min_params": 1e7}, "max-tokens", None, "max-tokens"),
        ({"max_tokens": 1e10, "max_params": 1e9}, "max-tokens", "max-params", "max-params and max-tokens"),
        ({"inference_budget": 1e9}, None, "inference-budget", "inference-budget"),
        ({"inference_budget": 1e9, "max_params": 1e8}, None, "max-params", "max-params"),
        ({"inference_budget": 1e9, "max_params": 1e10}, None, "inference-budget", "inference-budget"),
    ],
)
def test_limits_are_named_where_they_bind(options, below, above, binding):
    """With a budget of 1e19 and 1e10 tokens, a model has 1.7e8 params; 1e9 FLOPs a token allow 5e8."""
    costs = Costs(**options)
    assert (costs.limit_below(1e19), costs.limit_above(), costs.binding(1e19)) == (below, above, binding)


def test_a_column_is_a_power_of_params_or_constant():
    params = np.array([1e6, 1e7, 1e8])
    assert power_of(params, 3 * params**0.4) == pytest.approx((0.4, np.log(3)))
    assert power_of(params, np.full(3, 5.0)) == pytest.approx((0.0, np.log(5)))
    assert power_of(np.full(2, 1e6), np.array([2.0, 8.0])) == pytest.approx((0.0, np.log(4)))


def test_a_rule_is_proportional_only_if_it_is_at_all_values_of_what_is_searched():
    """This rule is proportional to params where there are four loops, and nowhere else."""
    assert not Costs(flops_rule("6 * params * tokens + (loops - 4) * tokens"), searched=("loops",)).is_proportional
