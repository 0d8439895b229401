"""A plan as plain numbers, for runs that are chosen by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.answer import Planned
from scaling_cli.analysis.plan.designs import Chosen
from scaling_cli.analysis.plan.knowledge import Arm, Noise
from scaling_cli.analysis.plan.limits import Bounds, Candidates
from scaling_cli.analysis.plan.result import result_of
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from tests.analysis.plan.surfaces import BESIROGLU, arm, task

# Budgets of 1e18 and 1e20 FLOPs, whose best splits are near 5 and near 30 tokens per param.
POOL = Candidates(
    np.sqrt(np.repeat([1e18, 1e20], 3) / 6 / np.tile([0.5, 15.0, 1000.0], 2)),
    np.sqrt(np.repeat([1e18, 1e20], 3) / 6 * np.tile([0.5, 15.0, 1000.0], 2)),
)
MAIN, TESTS = np.array([3, 0, 1, 2, 3, 4, 5]), np.array([4])
PLAN = Planned(POOL, (Chosen(MAIN, TESTS),))


def indices(*values):
    return np.array(values, dtype=int)


def result(plan=PLAN, **more):
    return result_of(task(arms=[arm(draws=6)], **more), plan, None, "chinchilla:besiroglu", {"lab": "ours"})


WHOLE = result()


def test_runs_are_in_order_of_compute_with_repeats_counted():
    rows = [(run.purpose, run.repeats, round(run.tokens_per_param, 6)) for run in WHOLE.runs]
    assert rows == [
        ("goal", 1, 1000.0), ("goal", 1, 15.0), ("goal", 1, 0.5),
        ("goal", 1, 1000.0), ("goal", 1, 15.0), ("test", 1, 15.0), ("goal", 2, 0.5),
    ]  # fmt: skip
    assert [run.compute for run in WHOLE.runs] == pytest.approx([1e18] * 3 + [1e20] * 4)
    assert all(run.compute == pytest.approx(6 * run.params * run.tokens) for run in WHOLE.runs)
    assert {(run.round, run.arm, run.bill) for run in WHOLE.runs} == {(1, "", None)}
    assert WHOLE.compute == pytest.approx(3e18 + 5e20)


def test_each_run_says_why_it_is_there():
    """Its params are compared with the best ones of its budget."""
    found = {(round(run.compute, -17), round(run.tokens_per_param, 6)): run.why for run in WHOLE.runs[:3]}
    assert list(found.values()) == [
        "few params: shows the loss from params", "near the best split: shows the lowest loss",
        "few tokens: shows the loss from tokens",
    ]  # fmt: skip
    assert WHOLE.runs[5].why == "tests the law"


def test_the_test_of_the_law_is_that_of_the_reserved_runs():
    assert (WHOLE.test.runs, WHOLE.test.compute) == (1, pytest.approx(1e20))
    assert result(Planned(POOL, (Chosen(MAIN, indices()),))).test is None


def test_each_of_two_groups_has_its_own_noise_and_best_split():
    """The best params of the second group are ten times those of the first."""
    first, second = arm(draws=6, name="a"), arm(draws=6, name="b", sigma=0.02)
    moved = second.parameters * np.array([1, 10 ** (0.3478 * 2), 1, 1, 1])
    plan = Planned(POOL, (Chosen(np.array([1, 7]), indices()),))
    found = result_of(
        task("difference(alpha)", arms=[first, replace(second, parameters=moved)]), plan, None, "runs", {}
    )
    assert [(run.arm, run.why.partition(":")[0]) for run in found.runs] == [
        ("a", "near the best split"), ("b", "few params"),
    ]  # fmt: skip
    assert [(each.name, each.noise) for each in found.compared] == [("a", 0.005), ("b", 0.02)]
    assert found.noise == 0.005
    assert WHOLE.compared == ()


def test_runs_under_way_are_named_as_part_of_what_is_expected():
    found = result(underway=Candidates(np.array([1e8, 1e9]), np.array([1e10, 1e10])))
    assert found.notes[0].startswith("expected intervals also rest on 2 runs under way (6.6e19 FLOPs)")


def test_seeds_repeat_every_run():
    twice = result(seeds=2)
    assert [run.repeats for run in twice.runs] == [2 * run.repeats for run in WHOLE.runs]
    assert twice.compute == pytest.approx(2 * WHOLE.compute)
    assert (twice.test.runs, twice.test.compute) == (2, pytest.approx(2e20))


def test_rounds_are_numbered_and_come_first():
    plan = Planned(POOL, (Chosen(indices(3, 4), indices()), Chosen(indices(0, 1, 2, 5), indices())))
    found = result(plan)
    assert [run.round for run in found.runs] == [1, 1, 2, 2, 2, 2]
    assert [run.compute for run in found.runs] == pytest.approx([1e20, 1e20, 1e18, 1e18, 1e18, 1e20])
    assert len(found.goals[0].rounds) == 2


def test_facts_of_the_plan_are_those_of_the_task():
    assert (WHOLE.group, WHOLE.law, WHOLE.level) == ({"lab": "ours"}, "chinchilla", 0.95)
    assert WHOLE.source == "chinchilla:besiroglu"
    assert (WHOLE.noise, WHOLE.noise_slope, WHOLE.budget, WHOLE.candidates) == (0.005, 0.0, 1.2e21, 6)
    assert WHOLE.laws == ("chinchilla", "general")
    excluded = result_of(task(arms=[replace(arm(draws=6), is_rival_excluded=True)]), PLAN, None, "", {})
    assert excluded.laws == ("chinchilla",)


def test_the_noise_is_that_in_the_middle_of_the_candidates():
    noisy = replace(arm(draws=6), noise=Noise(0.01, 0.2, 1e18, (1e18, 1e20)))
    found = result_of(task(arms=[noisy]), PLAN, None, "", {})
    assert (found.noise, found.noise_slope) == (pytest.approx(0.01 * np.exp(0.2)), 0.2)


def test_the_best_splits_are_drawn_along_the_candidates():
    x, y = np.array(WHOLE.best.x), np.array(WHOLE.best.y)
    assert len(x) == 24
    assert 6 * x * y == pytest.approx(np.geomspace(1e18, 1e20, 24))
    _, a, b, alpha, beta = BESIROGLU.parameters
    scale = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    assert x == pytest.approx(scale * (x * y) ** (beta / (alpha + beta)), rel=1e-4)


def test_a_law_of_compute_has_no_best_split():
    law = find_law("power")
    parameters = np.array([[30.0, -0.06], [31.0, -0.061], [29.0, -0.059]])
    line = Arm("", law, parameters, Noise(0.01), {"x": "compute"}, prior=np.eye(2))
    found = result_of(task("b", arms=[line]), PLAN, None, "", {})
    assert found.best is None
    assert {run.why for run in found.runs} == {"answers the goals", "tests the law"}
    assert found.laws == ("power",)
    assert [design.name for design in found.usual] == ["ladder at 20 tokens per param"]


def test_runs_that_there_are_are_drawn():
    assert WHOLE.present == ((), ())
    there = {"params": np.array([1e8, 2e8]), "tokens": np.array([1e9, 3e9])}
    found = result_of(task(arms=[replace(arm(draws=6), present=there)]), PLAN, None, "", {})
    assert found.present == ((1e8, 2e8), (1e9, 3e9))


@pytest.mark.parametrize(
    ("budget", "runs", "words"),
    [
        (5.03e20, 42, None),
        (5.03e20 / 0.91, 42, None),
        (5.03e20 / 0.89, 42, "larger runs in place of these would not lower the expected error of the goals"),
        (5.03e20 / 0.89, 8, "of the goals, and --max-runs allows no further ones"),
    ],
)
def test_what_keeps_a_plan_from_spending_its_budget_is_said(budget, runs, words):
    """The plan has eight runs, which are smaller than the largest allowed."""
    notes = result(budget=budget, runs=runs).notes
    assert notes == () if words is None else notes[0].endswith(words)
    if words is not None:
        assert notes[0].startswith("89")


def test_runs_of_the_largest_size_are_limited_in_both():
    plan = Planned(POOL, (Chosen(indices(3, 4, 4, 5, 5, 3, 3), indices()),))
    notes = result(plan, budget=1e21, runs=7).notes
    assert notes[0].endswith("--max-compute allows no larger ones, and --max-runs allows no further ones")
    assert result(plan, budget=1e21, runs=42).notes[0].endswith("--max-compute allows no larger ones")


def test_limits_that_keep_all_runs_below_the_largest_compute_are_named():
    plan = Planned(POOL, (Chosen(indices(3, 4, 4, 5, 5, 3, 3), indices()),))
    for limits, words in (
        (Bounds((1e18, 1e21)), "the range of tokens per param allows"),
        (Bounds((1e18, 1e21), sizes=(1e8,)), "--sizes and the range of tokens per param allow"),
    ):
        (note,) = result(plan, budget=1e21, runs=42, bounds=limits).notes
        assert note.endswith(f"{words} no larger ones")


def test_what_is_left_may_not_pay_for_another_run():
    """Eight runs of 1e18 FLOPs each, and a smallest run of 1e18 FLOPs."""
    plan = Planned(POOL, (Chosen(indices(0, 1, 2, 0, 1, 2, 0, 1), indices()),))
    same = {"bounds": Bounds((1e18, 1e18)), "runs": 42}
    (note,) = result(plan, budget=8.99e18, **same).notes
    assert note.endswith("no larger ones, and the rest does not pay for another run of 1e18 FLOPs (--min-compute)")
    assert result(plan, budget=9.01e18, **same).notes[0].endswith("--max-compute allows no larger ones")


def test_goals_become_narrower_and_widths_fall_with_compute():
    (goal,) = WHOLE.goals
    assert goal.goal == "params@1e24"
    assert goal.after.low < goal.before.estimate < goal.after.high
    assert goal.rounds == (goal.width_after,)
    assert list(WHOLE.fall.y) == sorted(WHOLE.fall.y, reverse=True)
    assert WHOLE.fall.x[-1] == pytest.approx(WHOLE.compute)
    assert WHOLE.fall.x[0] == pytest.approx(0.05 * WHOLE.compute)
    assert [design.runs for design in WHOLE.usual] == [8, 8, 8]
    assert all(design.compute == pytest.approx(WHOLE.compute) for design in WHOLE.usual)


def test_bounds_of_the_task_are_shown():
    found = result(bounds=Bounds((1e18, 1e20), (0.5, 1000.0)))
    assert found.tokens_per_param == (0.5, 1000.0)
