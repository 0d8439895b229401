"""The least budget for an interval of a given width."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.answer import planned
from scaling_cli.analysis.plan.goals import parse_goal
from scaling_cli.analysis.plan.knowledge import Arm, Noise
from scaling_cli.analysis.plan.limits import Bounds, Candidates
from scaling_cli.analysis.plan.until import ROUGH, Condition, _least, _remedy, _with_smallest, least_budget, parse_until
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law
from scaling_cli.numbers.format import flops
from scaling_cli.record import replace
from tests.analysis.plan.surfaces import task


@pytest.mark.parametrize("text", ["width(params@1e24) < 0.2", " width( params@1e24 )<=0.2 "])
def test_a_condition_names_a_goal_and_a_width(text):
    assert parse_until(text) == Condition(parse_goal("params@1e24"), 0.2)


@pytest.mark.parametrize("text", ["params@1e24 < 0.2", "width(params@1e24) > 0.2", "width(params@1e24) < 0", "width()"])
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(UsageError, match="--until") as refused:
        parse_until(text)
    assert "width(params@1e24) < 0.2" in refused.value.hint


def a_line(**more):
    """A plan for the exponent of a power law of compute, whose runs take a thousandth to half of the budget."""
    parameters = np.array([[30.0, -0.06], [31.0, -0.061], [29.0, -0.059]])
    line = Arm("", find_law("power"), parameters, Noise(0.01), {"x": "compute"}, prior=1e6 * np.eye(2))
    return task("b", arms=[line], budget=1e21, runs=8, bounds=bounds_of(1e21), share=0.0, **more)


def bounds_of(budget):
    return Bounds((1e17, max(budget / 2, 1e17)))


def width_with(budget, asked):
    """The width that a plan of this budget gives, as the search sees it."""
    trial = replace(asked, budget=budget, bounds=bounds_of(budget), levels=(9, 11))
    plan = planned(trial, draws=4)
    seen = trial.outlook.seen([plan.place(plan.all)])
    deviations = trial.outlook.deviations(seen, 0, np.ones(len(plan.all)))
    return float(trial.outlook.width(deviations, len(plan.all) - 2)[0])


def test_the_least_budget_just_reaches_the_width():
    asked = a_line()
    wanted = 0.02
    assert width_with(1e21, asked) < wanted < width_with(1e18, asked)
    budget, bounds = least_budget(asked, Condition(parse_goal("b"), wanted), bounds_of)
    assert 1e18 < budget < 1e21
    assert width_with(budget, asked) <= wanted < width_with(budget * 0.95, asked)
    assert bounds == bounds_of(budget)


def test_a_width_that_the_budget_does_not_reach_is_refused():
    with pytest.raises(UsageError, match="1e21 FLOPs and 8 runs the interval of b is expected") as refused:
        least_budget(a_line(), Condition(parse_goal("b"), 1e-6), bounds_of)
    assert "wide, not 1e-6" in refused.value.message


@pytest.mark.thorough
def test_a_refusal_says_which_budget_is_needed():
    """The hint works: with the budget that it names the condition is met."""
    asked, wanted = a_line(), 0.02
    poor = replace(asked, budget=1e18, bounds=bounds_of(1e18))
    with pytest.raises(UsageError, match="1e18 FLOPs and 8 runs") as refused:
        least_budget(poor, Condition(parse_goal("b"), wanted), bounds_of)
    named = float(refused.value.hint.split()[1])
    assert named == pytest.approx(least_budget(asked, Condition(parse_goal("b"), wanted), bounds_of)[0], rel=0.3)
    enough = replace(asked, budget=named, bounds=bounds_of(named))
    assert least_budget(enough, Condition(parse_goal("b"), wanted), bounds_of)[0] <= named


def test_a_budget_that_does_not_pay_for_the_smallest_run_is_not_tried_at_a_smaller_size():
    bounds = Bounds((1e17, 4e18))
    assert _with_smallest(bounds, 3e18).compute == (3e18, 4e18)
    assert _with_smallest(bounds, 4e18).compute == (4e18, 4e18)
    with pytest.raises(UsageError, match="does not pay for the smallest run"):
        _with_smallest(bounds, 5e18)


def test_a_refusal_says_that_no_budget_is_enough():
    with pytest.raises(UsageError) as refused:
        least_budget(a_line(), Condition(parse_goal("b"), 1e-6), bounds_of)
    assert "10,000 times the budget would not be enough either" in refused.value.hint


def test_the_least_budget_is_found_within_the_precision_asked_for():
    tried = []

    def width(budget):
        tried.append(budget)
        return 1e10 / budget**0.5

    for precise in (0.3, 0.01):
        found = _least(width, 1.0, 1e18, 1e22, precise)
        assert 1e20 <= found <= 1e20 * np.exp(precise)
        assert width(found) <= 1.0
    assert _least(width, 1.0, 1e18, 1e20, 0.01) == 1e20
    assert _least(width, 1.0, 1e17, 9.9e19, 0.01) is None
    tried.clear()
    _least(width, 1.0, 1e18, 1e22, 0.3)
    assert len(tried) == 1 + 5  # the range of 9.2 in logs is halved five times


def test_the_budget_that_a_refusal_names_is_tried_as_it_is_printed():
    """Budgets that are printed with more than 1e20 FLOPs are too small at first: the next is larger by `ROUGH`."""
    asked, tried = replace(a_line(), budget=1e18), []

    def width(budget):
        """Narrow enough from 1e20 on, but not in the three budgets that are tried once the search has ended."""
        is_searched = len(tried) < searched
        tried.append(budget)
        return 0.5 if budget >= 1e20 and (is_searched or len(tried) > searched + 3) else 2.0

    searched = 10**9
    least = _least(width, 1.0, 1e18, 1e22, ROUGH)
    searched, tried[:] = len(tried), []
    hint = _remedy(width, 1.0, asked)
    assert tried[searched:] == pytest.approx([least * (1 + ROUGH) ** i for i in range(4)], rel=0.05)
    assert f"About {flops(least * (1 + ROUGH) ** 3)} FLOPs are needed with 8 runs" in hint


def test_runs_under_way_count_towards_the_width_so_that_less_is_enough():
    there = Candidates(np.full(6, 5e8), np.full(6, 1e10))
    condition = Condition(parse_goal("b"), 0.02)
    alone, helped = (least_budget(a_line(underway=more), condition, bounds_of)[0] for more in (None, there))
    assert helped < 0.8 * alone
