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
