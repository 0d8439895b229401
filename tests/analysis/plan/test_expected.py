"""What a plan is expected to tell, against the information of its runs written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from scaling_cli.analysis.plan.answer import Planned
from scaling_cli.analysis.plan.designs import Chosen
from scaling_cli.analysis.plan.expected import FALL_POINTS, expected
from scaling_cli.analysis.plan.limits import Candidates
from tests.analysis.plan.surfaces import arm, task

POOL = Candidates(
    np.array([5e7, 1e8, 2e8, 4e8, 8e8, 1.6e9, 3e7, 9e8]), np.array([9e10, 2e10, 6e9, 7e10, 2e10, 6e10, 4e9, 3e9])
)
FIRST, SECOND = np.array([0, 5, 3, 5, 1, 2]), np.array([6, 4, 0, 7])
PLAN = Planned(POOL, (Chosen(FIRST, np.array([7])), Chosen(SECOND, np.empty(0, dtype=int))))
THERE = Candidates(np.array([1e9, 2e7]), np.array([1e9, 5e10]))


def width(asked, runs, goal=0, times=1.0, spare=None):
    """By plain linear algebra: the runs' information, its inverse, and Student's quantile, averaged over the draws."""
    under_way = [] if asked.underway is None else [asked.underway]
    seen = asked.outlook.seen([runs, *under_way])
    rows = seen.rows[0] * np.sqrt(asked.seeds * times)
    known = seen.known + rows.swapaxes(1, 2) @ rows
    if under_way:
        known = known + seen.rows[1].swapaxes(1, 2) @ seen.rows[1]
    found = seen.goals[goal]
    variances = [g @ np.linalg.solve(k, g) for g, k in zip(found.gradient, known, strict=True)]
    deviation = np.sqrt(np.mean(np.minimum(variances, 25 * np.median(variances))))
    if spare is None:
        spare = asked.seeds * len(runs.params) + (2 if under_way else 0) - 5
    unit = np.log(10) if found.is_log else 1.0
    return 2 * t.ppf(0.975, spare) * deviation / unit


@pytest.mark.parametrize("more", [{}, {"seeds": 2}, {"underway": THERE}])
def test_widths_of_rounds_are_those_of_their_runs_together(more):
    asked = task("loss@1e22", "alpha", arms=[arm(draws=4)], rounds=2, **more)
    found = expected(asked, PLAN, {})
    for i, goal in enumerate(found.goals):
        first = width(asked, PLAN.place(PLAN.rounds[0].all), i)
        whole = width(asked, PLAN.place(PLAN.all), i)
        assert goal.rounds == pytest.approx((first, whole), rel=2e-3)
        assert goal.width_after == goal.rounds[-1]
    assert found.usual == ()


def test_the_first_goals_interval_falls_with_the_part_of_the_budget_that_is_spent():
    asked = task("alpha", arms=[arm(draws=4)], seeds=2)
    fall = expected(asked, PLAN, {}).fall
    runs = PLAN.place(PLAN.all)
    shares = np.geomspace(0.05, 1.0, FALL_POINTS)
    assert fall.x == pytest.approx(shares * 2 * runs.compute.sum())
    spare = 2 * len(runs.params) - 5
    assert fall.y == pytest.approx([width(asked, runs, times=share, spare=spare) for share in shares], rel=2e-3)


def test_other_designs_stand_with_their_own_widths_and_how_often_they_are_needed():
    asked = task("alpha", arms=[arm(draws=4)])
    other = PLAN.place(np.array([0, 1, 2, 3, 4, 5, 6]))
    twice = Candidates(np.tile(PLAN.place(PLAN.all).params, 2), np.tile(PLAN.place(PLAN.all).tokens, 2))
    found = expected(asked, PLAN, {"some": other, "twice": twice}).usual
    assert [each.name for each in found] == ["some", "twice"]
    assert [each.runs for each in found] == [7, 22]
    assert [each.compute for each in found] == pytest.approx([other.compute.sum(), twice.compute.sum()])
    assert found[0].widths == pytest.approx([width(asked, other)], rel=2e-3)
    assert found[1].widths == pytest.approx([width(asked, twice)], rel=2e-3)
    assert found[1].times == pytest.approx(0.5, rel=2e-3)
    assert found[0].times > 1


def width_of_two(asked, chosen, weights=1.0, *, pool=POOL, spare=None):
    """The same for two arms: candidates beyond those of the pool are its places once more, for the second arm."""
    seen = asked.outlook.seen([pool])
    rows = seen.rows[0][:, chosen] * np.sqrt(weights)
    found = seen.goals[0]
    known = seen.known + rows.swapaxes(1, 2) @ rows
    variances = [g @ np.linalg.solve(k, g) for g, k in zip(found.gradient, known, strict=True)]
    deviation = np.sqrt(np.mean(np.minimum(variances, 25 * np.median(variances))))
    unit = np.log(10) if found.is_log else 1.0
    return 2 * t.ppf(0.975, len(chosen) - 10 if spare is None else spare) * deviation / unit


def test_each_of_two_arms_has_its_own_runs():
    arms = [arm(draws=3, name="a"), arm(draws=3, name="b", sigma=0.01)]
    asked = task("difference(alpha)", arms=arms, rounds=2)
    first, second = np.array([0, 5, 3, 1, 2, 6, 9, 10, 12, 15, 8, 9, 13]), np.array([7, 11, 14])
    plan = Planned(POOL, (Chosen(first, np.empty(0, dtype=int)), Chosen(second, np.empty(0, dtype=int))))
    other = Candidates(POOL.params[:7], 1.5 * POOL.tokens[:7])
    found = expected(asked, plan, {"other": other})
    both = np.concatenate([first, second])
    assert found.goals[0].rounds == pytest.approx((width_of_two(asked, first), width_of_two(asked, both)), rel=2e-3)
    half = width_of_two(asked, np.arange(14), 0.5, pool=other, spare=1)  # seven runs, half of them in each arm
    assert found.usual[0].widths == pytest.approx([half], rel=2e-3)


def test_a_goal_says_how_it_is_known_today_and_what_it_counts():
    asked = task("2*loss@1e22", "alpha", arms=[arm(draws=40)])
    loss, alpha = expected(asked, PLAN, {}).goals
    assert [(goal.goal, goal.weight, goal.is_log) for goal in (loss, alpha)] == [
        ("loss@1e22", 2, True),
        ("alpha", 1, False),
    ]
    drawn = asked.arms[0].parameters[:, 3]
    low, high = np.quantile(drawn[1:], [0.025, 0.975])
    assert (alpha.before.estimate, alpha.before.low, alpha.before.high) == pytest.approx((drawn[0], low, high))
    assert alpha.width_before == pytest.approx(high - low)
    assert loss.width_before == pytest.approx(np.log10(loss.before.high / loss.before.low))
    assert alpha.after.high - alpha.after.low == pytest.approx(alpha.width_after)
    assert np.log10(loss.after.high / loss.after.low) == pytest.approx(loss.width_after)
    assert (alpha.after.high + alpha.after.low) / 2 == pytest.approx(drawn[0])


def test_runs_that_cannot_determine_the_goal_have_no_fall():
    few = Planned(POOL, (Chosen(np.array([0, 1, 2]), np.empty(0, dtype=int)),))
    found = expected(task("alpha", arms=[arm(draws=4)]), few, {})
    assert found.fall is None
    assert found.goals[0].width_after == np.inf
