"""What an allocation is asked, from the options: budgets, costs, what is held and what is searched."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.allocation.question import (
    check_question,
    law_of,
    mixture_of,
    needs_curves,
    own_columns,
    plan_of,
    rule_of,
    saved_plan,
    shares_of,
)
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law
from scaling_cli.options.optimal_allocation import OptimalAllocation
from scaling_cli.results.fit import Estimate

FORMULA = "E + A/params^alpha + B/tokens^beta + k*log(width)"
RULE = "6 * params * tokens * (1 + layers / 50)"


def asked(**options):
    return OptimalAllocation(**options)


def plan(largest=1e20, shapes=None, **options):
    question = asked(**options)
    return plan_of(question, law_of(question), largest, shapes or {})


def test_the_law_is_chinchilla_unless_another_is_named():
    assert law_of(asked()).name == "chinchilla"
    assert law_of(asked(law="general")).name == "general"
    formula = law_of(asked(law=FORMULA, hold={"width": 8}))
    assert set(formula.inputs) == {"params", "tokens", "width"}
    assert set(law_of(asked(law=FORMULA, search={"width": (1, 8)})).inputs) == {"params", "tokens", "width"}
    assert "alpha" not in law_of(asked(fix={"alpha": 0.3})).names
    with pytest.raises(UsageError, match="own parameters for each"):
        law_of(asked(law="E[lab] + A/params^alpha + B/tokens^beta"))
    mixture = law_of(asked(law="mixture-additive", map={"mixture": "web,code"}, search="mixture"))
    assert {"web", "code"} <= set(mixture.inputs)


def test_compute_is_counted_as_asked_or_as_the_law_says():
    assert rule_of(asked(), find_law("chinchilla")).name == "6ND"
    assert rule_of(asked(flops_rule=RULE), find_law("chinchilla")).extras == ("layers",)


def test_columns_that_are_no_roles_are_named_by_the_map():
    assert own_columns(asked(law=FORMULA, hold={"width": 8})) == {"width": "width"}
    assert own_columns(asked(law=FORMULA, hold={"width": 8}, map={"width": "d_model"})) == {"width": "d_model"}
    assert own_columns(asked()) == {}
    assert mixture_of(asked(map={"mixture": "web,code"})) == ("web", "code")
    assert mixture_of(asked()) == ()


def test_shares_are_those_of_the_map_that_the_law_takes():
    law = find_law("mixture-additive", ("web", "code"))
    assert shares_of(asked(), law) == ()
    assert shares_of(asked(search="mixture"), law) == ("web", "code")
    assert shares_of(asked(search="mixture", map={"mixture": "code,web"}), law) == ("code", "web")
    with pytest.raises(UsageError, match="does not say which inputs are shares"):
        shares_of(asked(search="mixture"), find_law("chinchilla"))
    with pytest.raises(UsageError, match="takes none of them"):
        shares_of(asked(search="mixture", map={"mixture": "a,b"}), law)
    assert shares_of(asked(search="mixture", map={"mixture": "code,b"}), law) == ("code", "b")
    with pytest.raises(UsageError, match="takes no range"):
        shares_of(asked(search={"mixture": (0, 1)}), law)


def test_budgets_are_those_given_or_steps_from_the_largest_run():
    assert plan()[0].budgets == (1e20, 1e21, 1e22)
    assert plan(budget=(3e20, 1e21))[0].budgets == (3e20, 1e21)
    only, _ = plan(target_loss=(2.2,))
    assert (only.budgets, only.target_losses) == ((), (2.2,))
    both, _ = plan(budget=1e21, target_loss=2.2)
    assert (both.budgets, both.target_losses) == ((1e21,), (2.2,))


def test_costs_have_the_limits_and_the_shapes_of_what_is_not_known():
    made, doubts = plan(
        inference_tokens=1e12, min_params=1e7, max_params=1e10, max_tokens=1e13, inference_budget=1e11, level=0.9,
        unique_tokens=1e10,
    )  # fmt: skip
    costs = made.costs
    assert (costs.inference_tokens, costs.min_params, costs.max_params) == (1e12, 1e7, 1e10)
    assert (costs.max_tokens, costs.inference_budget) == (1e13, 1e11)
    assert (made.level, made.unique_tokens, made.profile, made.approach) == (0.9, 1e10, "exact", "parametric")
    assert (made.hardware, doubts, made.held, made.search, made.mixture, made.rest) == (None, (), {}, {}, (), None)
    shapes = {"layers": (0.3, 1.0), "heads": (0.2, 2.0)}
    shaped, _ = plan(shapes=shapes, flops_rule=RULE)
    assert shaped.costs.shapes == shapes
    held, _ = plan(shapes=shapes, flops_rule=RULE, hold={"layers": 12})
    assert (held.costs.shapes, held.costs.held) == ({"heads": (0.2, 2.0)}, {"layers": 12.0})
    assert plan(flops_rule=RULE, shapes=shapes)[0].costs.searched == ()
    formula = "E + A/params^alpha + B/tokens^beta + k*layers"
    searched, _ = plan(law=formula, shapes=shapes, flops_rule=RULE, search={"layers": (1, 64)})
    assert (searched.costs.searched, searched.costs.shapes) == (("layers",), {"heads": (0.2, 2.0)})
    assert searched.search == {"layers": (1.0, 64.0)}
    free, _ = plan(law=FORMULA, search={"width": (1, 64)})
    assert free.costs.searched == ()


def test_hardware_turns_budgets_into_flops():
    made, _ = plan(budget="1000gpu-hours", peak_flops=1e15, mfu=0.4, gpus=8, price_per_gpu_hour=2.0)
    assert made.budgets == pytest.approx((1000 * 3600 * 0.4e15,))
    assert made.hardware is not None


@pytest.mark.parametrize("approach", ["isoflop", "envelope", "parametric", "all"])
def test_only_envelopes_need_the_rows_before_the_end_of_runs(approach):
    assert needs_curves(asked(approach=approach)) is (approach in ("envelope", "all"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, None),
        ({"law": "power"}, "is a law of one input"),
        ({"law": FORMULA, "hold": {"width": 8}}, None),
        ({"law": FORMULA, "search": {"width": (1, 8)}}, None),
        ({"law": "granularity"}, "also depends on granularity"),
        ({"hold": {"layers": 3}, "flops_rule": RULE}, None),
        ({"hold": {"layers": 3}}, "--hold names layers"),
        ({"law": FORMULA, "hold": {"width": "chinchilla"}}, None),
        ({"law": FORMULA, "hold": {"width": "power"}}, "power is a law of one input"),
        ({"hold": {"layers": "chinchilla"}, "flops_rule": RULE}, "is not an input of chinchilla"),
        ({"min_params": 1e9, "max_params": 1e8}, "--min-params is above --max-params"),
        ({"budget": "100gpu-hours"}, None),
        ({"mfu": 0.4}, "peak"),
        ({"approach": "isoflop", "max_params": 1e9}, "cannot be combined with --max-params"),
        ({"approach": "all", "target_loss": 2.0}, "cannot be combined with --target-loss"),
        ({"law": "mixture-additive", "map": {"mixture": "web,code"}, "search": "mixture"}, None),
        ({"law": "mixture-additive", "map": {"mixture": "web,code"}}, "also depends on"),
    ],
)
def test_questions_are_checked_before_runs_are_read(options, says):
    if says is None:
        check_question(asked(**options))
        return
    with pytest.raises(UsageError, match=says):
        check_question(asked(**options))


SAVED = SavedFit(
    "chinchilla", {name: Estimate(1.0) for name in ("E", "A", "B", "alpha", "beta")},
    inputs={"params": "params", "tokens": "tokens"}, ranges={"compute": (1e18, 1e20)},
)  # fmt: skip


def test_a_saved_fit_answers_from_its_largest_run():
    assert saved_plan(asked(), SAVED)[0].budgets == (1e20, 1e21, 1e22)
    unknown = SavedFit(SAVED.law, SAVED.parameters, inputs=SAVED.inputs)
    assert saved_plan(asked(budget=1e21), unknown)[0].budgets == (1e21,)
    assert saved_plan(asked(target_loss=2.0), unknown)[0].budgets == ()
    with pytest.raises(UsageError, match="does not say how large its runs were"):
        saved_plan(asked(), unknown)
    for approach in ("isoflop", "all"):
        with pytest.raises(UsageError, match="needs the runs"):
            saved_plan(asked(approach=approach), SAVED)
    with pytest.raises(UsageError, match="needs the runs, to fit chinchilla"):
        saved_plan(asked(hold={"width": "chinchilla"}), SAVED)
    with pytest.raises(UsageError, match="--hold names width"):
        saved_plan(asked(hold={"width": 3}), SAVED)


def test_groups_that_share_parameters_have_the_law_that_groups_alone_have():
    """Without --law, a budget is split by chinchilla, however few runs each group has."""
    rng = np.random.default_rng(0)
    params, tokens = 10 ** rng.uniform(8, 10, 14), 10 ** rng.uniform(9, 11, 14)
    runs = pl.DataFrame(
        {
            "data": ["web", "code"] * 7, "params": params, "tokens": tokens,
            "loss": 1.8 + 480 / params**0.35 + 2100 / tokens**0.37 + 0.01 * (np.arange(14) % 2),
        }
    )  # fmt: skip
    shared = {"by": "data", "share": "A,B,alpha,beta", "interval": "none", "budget": 1e22}
    found, named = (scaling.optimal_allocation(runs, **shared, **law) for law in ({}, {"law": "chinchilla"}))
    assert found.results == named.results


def test_a_formula_with_another_column_of_the_runs_needs_its_value():
    """The column was taken for a parameter, which the runs could not determine."""
    law = "E + A/params^alpha + B/tokens^beta + c*log(lr)^2"
    params, tokens = np.repeat([1e8, 3e8, 1e9, 3e9], 4), np.tile([2e9, 1e10, 3e10, 1e11], 4)
    lr = np.geomspace(1e-4, 1e-2, 16)[np.random.default_rng(1).permutation(16)]
    loss = 1.8 + 400 / params**0.34 + 400 / tokens**0.28 + 0.01 * np.log(lr) ** 2
    runs = {"params": params, "tokens": tokens, "lr": lr, "loss": loss}
    with pytest.raises(UsageError, match="also depends on lr") as caught:
        scaling.optimal_allocation(runs, law=law, budget=1e22)
    assert "--hold lr=VALUE" in caught.value.hint
    assert scaling.optimal_allocation(runs, law=law, budget=1e22, hold={"lr": 1e-3}, interval="none").results
