"""Designs that cannot show how to split compute, and the runs that would."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.design import (
    mend,
    more_budgets,
    require_both_sides,
    require_minima,
    require_spread,
    runs_at,
)
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints, Budget, find_budgets
from scaling_cli.analysis.allocation.surface import Chinchilla
from scaling_cli.errors import FitError


def points(params, tokens, loss=None, runs=None):
    params, tokens = np.asarray(params, dtype=float), np.asarray(tokens, dtype=float)
    loss = np.full(len(params), 2.5) if loss is None else np.asarray(loss)
    runs = np.arange(len(params)) if runs is None else np.asarray(runs)
    return AllocationPoints(np.log(params), np.log(tokens), np.log(6 * params * tokens), loss, runs)


def at_budgets(*budgets, ratios=(5.0, 10, 20, 40, 80), losses=None):
    """Runs of these budgets at some tokens per param."""
    compute, ratio = (each.ravel() for each in np.meshgrid(budgets, ratios, indexing="ij"))
    params = np.sqrt(compute / 6 / ratio)
    return points(params, ratio * params, losses)


@pytest.mark.parametrize(("factor", "is_one"), [(1.4, True), (1.6, False)])
def test_budgets_within_a_factor_of_one_and_a_half_are_one(factor, is_one):
    made = at_budgets(1e20, factor * 1e20)
    if not is_one:
        require_spread(made)
        return
    with pytest.raises(FitError, match=r"All runs use about 1\.18e20 FLOPs") as refused:
        require_spread(made)
    assert "at 1.18e19 FLOPs" in refused.value.hint
    assert "at 1.18e18 FLOPs" in refused.value.hint


@pytest.mark.parametrize(("factor", "is_fixed"), [(1.2, True), (1.3, False)])
def test_tokens_per_param_within_a_quarter_are_fixed(factor, is_fixed):
    made = at_budgets(1e18, 1e19, 1e20, ratios=(20.0, 20.0 * factor))
    if not is_fixed:
        require_spread(made)
        return
    with pytest.raises(FitError, match=r"about 21\.9 tokens per param") as refused:
        require_spread(made)
    # sqrt(1e20 / 6 / 21.9) is 872M: a quarter of it, half, twice and four times.
    assert "218M params" in refused.value.hint
    assert "3.49B params" in refused.value.hint


LAW = Chinchilla(*(np.array([value]) for value in (1.8, 400.0, 400.0, 0.3, 0.3)))


@pytest.mark.parametrize(
    ("ratios", "words"),
    [((0.2, 0.5, 2.0), None), ((2.0, 4.0), "Every run has fewer params"), ((0.1, 0.5), "Every run has more params")],
)
def test_the_best_split_must_lie_between_the_runs(ratios, words):
    """Equal terms for params and tokens are best at one token per param."""
    made = at_budgets(6e18, 6e20, ratios=ratios)
    if words is None:
        require_both_sides(made, LAW)
        return
    with pytest.raises(FitError, match=words) as refused:
        require_both_sides(made, LAW)
    assert ("Add larger models" if "fewer" in words else "Add smaller models") in refused.value.hint
    assert "2.5B params on 40B tokens" in refused.value.hint  # at 6e20, a quarter of 1e10 params


def test_runs_to_add_use_the_whole_budget():
    assert runs_at(6e20, 1e10) == (
        "2.5B params on 40B tokens, 5B params on 20B tokens, 20B params on 5B tokens, 40B params on 2.5B tokens"
    )
    found = more_budgets(6e20, 1e10)
    assert found.startswith("Add smaller budgets: at 6e19 FLOPs ")
    assert "3.16B params on 3.16B tokens" in found
    assert "at 6e18 FLOPs " in found
    assert "1B params on 1B tokens" in found


@pytest.mark.parametrize(
    ("losses", "runs"),
    [
        ([2.5, 2.6, 2.7, 2.8], "at 6e18 FLOPs 50M params on 20B tokens, 25M params on 40B tokens"),
        ([2.8, 2.7, 2.6, 2.5], "at 6e18 FLOPs 1.6B params on 625M tokens, 3.2B params on 312M tokens"),
    ],
)
def test_a_minimum_at_an_end_is_mended_beyond_that_end(losses, runs):
    params = np.array([1e8, 2e8, 4e8, 8e8])
    made = points(params, 1e18 / params, losses)
    assert mend(Budget(np.log(6e18), np.arange(4)), made) == runs


def budgets_of(made):
    return find_budgets(made)


def test_two_minima_are_needed():
    made = at_budgets(1e18, 1e20, losses=np.tile([2.7, 2.6, 2.5, 2.6, 2.7], 2))
    found = budgets_of(made)
    require_minima(found, made, ("", ""))
    with pytest.raises(FitError, match="1 of 2 budgets shows a minimum \\(1e20 FLOPs falls to an end\\)"):
        require_minima(found, made, ("", "falls to an end"))
    with pytest.raises(FitError, match="0 of 2 budgets show a minimum"):
        require_minima(found, made, ("x", "y"))
    with pytest.raises(FitError, match="All IsoFLOP runs share one budget, 1e18 FLOPs"):
        require_minima(found[:1], made, ("",))
    with pytest.raises(FitError, match="No compute budget has runs of 4 sizes"):
        require_minima([], made, ())


def test_budgets_are_windows_of_compute_with_four_sizes_or_more():
    found = budgets_of(at_budgets(1e18, 1.3e18, 1e20))
    assert [round(budget.compute, -16) for budget in found] == [1e18, 1e20]
    assert [len(budget.index) for budget in found] == [5, 5]
    assert budgets_of(at_budgets(1e18, ratios=(5, 10, 20))) == []
    assert len(budgets_of(at_budgets(1e18, ratios=(5, 10, 20, 40)))) == 1
    same = points([1e8, 1e8, 2e8, 4e8], [1e10, 1e10, 5e9, 2.5e9])
    assert budgets_of(same) == []


def test_runs_of_a_budget_are_in_order_of_params_and_count_once():
    made = at_budgets(1e18, ratios=(80.0, 5, 20, 10, 40))
    (budget,) = budgets_of(made)
    assert made.log_params[budget.index].tolist() == sorted(made.log_params)
    params = np.repeat([1e8, 2e8, 4e8, 8e8], 2)
    tokens = 1e18 / params * np.tile([0.95, 1.02], 4)
    checkpoints = points(params, tokens, runs=np.repeat(np.arange(4), 2))
    (budget,) = budgets_of(checkpoints)
    assert len(budget.index) == 4
    assert np.ptp(checkpoints.log_compute[budget.index]) < 1e-9


def test_budgets_keep_a_factor_of_1_4_between_them():
    for factor, count in ((1.35, 1), (1.45, 2)):
        assert len(budgets_of(at_budgets(1e18, factor * 1e18))) == count
