"""Designs that are rated: their widths, what a plan of equal cost gives, and the runs that tell little."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.judge import judged
from scaling_cli.analysis.plan.knowledge import Arm, Noise
from scaling_cli.analysis.plan.limits import Bounds, Candidates
from scaling_cli.analysis.plan.question import _judgements
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law
from scaling_cli.options.plan import Plan
from scaling_cli.record import replace
from tests.analysis.plan.surfaces import arm, task

PARAMETERS = np.array([[30.0, -0.06], [31.0, -0.061], [29.0, -0.059]])


def line(**more):
    """A plan for the exponent of a power law of compute."""
    arm = Arm("", find_law("power"), PARAMETERS, Noise(0.01), {"x": "compute"}, prior=1e6 * np.eye(2), **more)
    return task("b", arms=[arm], budget=1e21, runs=8, bounds=Bounds((1e18, 1e20)))


def runs(*compute):
    params = np.sqrt(np.array(compute) / 120)
    return Candidates(params, 20 * params)


def deviation(compute):
    x = np.log(compute)
    return 0.01 / np.sqrt(np.sum((x - x.mean()) ** 2))


def widths(design, **more):
    return judged("d.csv", line(**more), design, is_present=False)


def test_a_design_has_the_width_of_a_regression_and_its_own_cost():
    found = widths(runs(1e18, 1e18, 1e19, 1e20, 1e20))
    assert (found.name, found.runs, found.compute) == ("d.csv", 5, pytest.approx(2e18 + 1e19 + 2e20))
    # Three degrees of freedom are left: Student's quantile is 3.18.
    assert found.widths[0] == pytest.approx(2 * 3.182 * deviation([1e18, 1e18, 1e19, 1e20, 1e20]), rel=1e-2)
    assert found.best_widths[0] <= found.widths[0] * (1 + 1e-6)


def test_a_plan_of_equal_cost_runs_at_both_ends():
    """With three runs at the small and the large end each, an exponent is known best."""
    wasteful = widths(runs(1e18, *[1e19] * 4, 1e20))
    assert wasteful.best_widths[0] < 0.8 * wasteful.widths[0]


@pytest.mark.parametrize("limit", [{"sizes": (1e7,)}, {"most_tokens": 1e8}])
def test_limits_that_a_design_does_not_keep_do_not_limit_the_plan_beside_it(limit):
    """Otherwise the best design of equal cost could be worse than the one that is judged."""
    asked = line()
    limited = replace(asked, bounds=Bounds((1e18, 1e20), **limit))
    design = runs(1e18, 1e18, 1e19, 1e20, 1e20)
    found = judged("d.csv", limited, design, is_present=False)
    assert found.best_widths == judged("d.csv", asked, design, is_present=False).best_widths


def test_limits_that_a_design_keeps_limit_the_plan_beside_it():
    design = runs(1e18, 1e18, 1e19, 1e19, 1e20, 1e20)
    kept = replace(line(), bounds=Bounds((1e18, 1e20), sizes=tuple(np.unique(design.params).tolist())))
    assert judged("d.csv", kept, design, is_present=False).best_widths[0] > 0


def test_runs_in_the_middle_of_a_line_tell_little():
    """Without the run in the middle, the exponent is known as well."""
    found = widths(runs(1e18, 1e18, 1e18, 1e19, 1e20, 1e20, 1e20))
    assert found.idle_runs == 1
    assert found.idle == pytest.approx(1e19 / (3e18 + 1e19 + 3e20))
    assert widths(runs(1e18, 1e20, 1e20)).idle_runs == 0


def test_runs_that_tell_little_are_those_without_which_intervals_stay_within_five_percent():
    """Leaving out one of n equal runs widens an interval by about a share of 1 / (2 n)."""
    for each, idle in ((4, 0), (40, 1)):
        found = widths(runs(*[1e18] * each, *[1e20] * each))
        assert (found.idle_runs >= idle) if idle else (found.idle_runs == 0)
    most = widths(runs(*[1e18] * 201, *[1e20] * 200))
    assert (most.idle_runs, most.idle) == (0, 0.0)


def test_a_design_needs_a_run_more_than_the_law_has_parameters():
    with pytest.raises(UsageError, match=r"d\.csv has 2 runs, and power has 2 parameters, so at least 3"):
        widths(runs(1e18, 1e20))
    with pytest.raises(UsageError, match="has 1 run, and"):
        widths(runs(1e18))
    assert widths(runs(1e18, 1e20, 1e19)).runs == 3


def test_a_design_is_judged_beside_the_runs_that_there_are(tmp_path):
    path = tmp_path / "design.csv"
    path.write_text("params,tokens\n1e8,2e9\n2e8,8e9\n1e9,2e10\n")
    asked = Plan(goal=("alpha",), budget=1e21, judge=str(path))
    there = {"params": np.geomspace(1e8, 1e9, 7), "tokens": np.geomspace(9e9, 2e9, 7)}
    known = task("alpha", arms=[replace(arm(draws=2), present=there)], levels=(5, 7))
    made, own = _judgements(known, asked)
    assert ((made.name, made.runs), (own.name, own.runs)) == ((str(path), 3), ("your runs", 7))
    assert own.compute == pytest.approx(6 * np.sum(there["params"] * there["tokens"]))
    (alone,) = _judgements(known, Plan(goal=("alpha",), budget=1e21))
    assert alone == own
    assert _judgements(replace(known, arms=[*known.arms, *known.arms]), asked) == ()
    assert _judgements(task("alpha"), Plan(goal=("alpha",), budget=1e21)) == ()


def test_runs_that_there_are_count_once():
    there = np.array([1e18, 1e18, 1e19, 1e20, 1e20])
    made = line(present={"x": there})
    own = judged("your runs", made, runs(*there), is_present=True)
    assert own.widths[0] == pytest.approx(2 * 3.182 * deviation(there), rel=1e-2)
    more = judged("more", made, runs(1e18, 1e20), is_present=False)
    assert more.widths[0] < own.widths[0]
    assert more.runs == 2


def test_what_is_not_determined_has_no_runs_to_spare():
    """Three equal runs cost as much as the fewest runs of a fit, but for rounding."""
    found = widths(runs(1e19, 1e19, 1e19))
    assert (found.widths[0], found.idle_runs) == (np.inf, 0)


def test_runs_under_way_count_beside_a_design_but_not_in_the_rating_of_runs_that_there_are():
    design = runs(1e18, 1e18, 1e19, 1e20, 1e20)
    asked = replace(line(), underway=runs(1e18, 1e20))
    found = judged("d.csv", asked, design, is_present=False)
    both = judged("d.csv", line(), design.joined(asked.underway), is_present=False)
    assert found.widths == pytest.approx(both.widths)
    assert judged("mine", asked, design, is_present=True) == judged("mine", line(), design, is_present=True)
