"""What a plan is asked: arms from runs and fits, tasks from options, and designs from files."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.plan import question
from scaling_cli.analysis.plan.arms import published_arm, saved_arm
from scaling_cli.analysis.plan.given_designs import read_design
from scaling_cli.analysis.plan.knowledge import Arm, Noise, noise_of
from scaling_cli.analysis.plan.limits import WIDEST_RATIO, Bounds
from scaling_cli.analysis.plan.question import _doubts, answered, compares, goals_of, task_of
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws import find_law
from scaling_cli.options.plan import Plan
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate
from tests.analysis.plan.surfaces import arm

THERE = {"params": np.array([1e8, 2e8, 4e8]), "tokens": np.array([1e9, 3e9, 9e9])}


def asked(**more):
    return Plan(**{"goal": ("params@1e24",), "budget": 1e21, **more})


def design(tmp_path, text):
    path = tmp_path / "design.csv"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    "text",
    [
        "params,tokens\n1e8,2e9\n2e8,8e9\n",
        "params,compute\n1e8,1.2e18\n2e8,9.6e18\n",
        "tokens,compute\n2e9,1.2e18\n8e9,9.6e18\n",
        "params,tokens,compute\n1e8,2e9,\n2e8,,9.6e18\n",
        "params,tokens,compute\n1e8,2e9,\n,8e9,9.6e18\n",
    ],
)
def test_a_design_has_params_and_tokens_or_compute(tmp_path, text):
    found = read_design(design(tmp_path, text))
    assert found.params == pytest.approx([1e8, 2e8])
    assert found.tokens == pytest.approx([2e9, 8e9])


@pytest.mark.parametrize("column", ["count", "runs", "repeats"])
def test_a_row_of_a_design_may_stand_for_several_equal_runs(tmp_path, column):
    found = read_design(design(tmp_path, f"params,tokens,{column}\n1e8,2e9,3\n2e8,8e9,1\n4e8,8e9,\n"))
    assert found.params == pytest.approx([1e8, 1e8, 1e8, 2e8, 4e8])
    assert found.tokens == pytest.approx([2e9, 2e9, 2e9, 8e9, 8e9])


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "many"])
def test_a_number_of_equal_runs_that_cannot_be_is_refused(tmp_path, count):
    with pytest.raises(DataError, match="column 'count' for run 2, which is no number of equal runs"):
        read_design(design(tmp_path, f"params,tokens,count\n1e8,2e9,3\n2e8,8e9,{count}\n"))


def test_a_design_without_two_of_them_is_refused(tmp_path):
    with pytest.raises(DataError, match="has no params and tokens for run 1"):
        read_design(design(tmp_path, "compute\n1e18\n"))
    with pytest.raises(DataError, match="has no params for run 2"):
        read_design(design(tmp_path, "params,tokens\n1e8,2e9\n,2e9\n"))


def test_a_task_has_the_bounds_that_were_asked_for():
    found = task_of([arm(draws=2)], asked(), None)
    assert (found.budget, found.bounds) == (1e21, Bounds((1e18, 5e20), found.bounds.ratio))
    assert found.bounds.ratio == pytest.approx(WIDEST_RATIO)
    more = asked(min_compute=1e19, max_compute=1e20, sizes=("1B,2B",), unique_tokens=1e11, max_runs=9, seeds=3,
                 rounds=2, test_share=0.2, level=0.9)  # fmt: skip
    found = task_of([arm(draws=2)], more, None)
    assert found.bounds == Bounds((1e19, 1e20), found.bounds.ratio, (1e9, 2e9), 1e11)
    assert (found.runs, found.seeds, found.rounds, found.share, found.level) == (9, 3, 2, 0.2, 0.9)


def test_runs_that_there_are_give_the_smallest_run():
    present = replace(arm(draws=2), present=THERE)
    assert task_of([present], asked(), None).bounds.compute[0] == pytest.approx(6e17)
    line = replace(present, present={"x": np.array([3e17, 1e19])}, roles={"x": "compute"})
    assert task_of([line], asked(goal=("loss@1e22",)), None).bounds.compute[0] == pytest.approx(3e17)
    by_params = replace(line, roles={"x": "params"})
    assert task_of([by_params], asked(goal=("loss@1e22",)), None).bounds.compute[0] == pytest.approx(1e18)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"budget": 5000.0}, "The budget has compute 5000"),
        ({"min_compute": 5000.0}, "--min-compute has compute 5000"),
        ({"max_compute": 5000.0}, "--max-compute has compute 5000"),
        ({"unique_tokens": 3.0}, "--unique-tokens has tokens 3"),
        ({"sizes": ("7,70B",)}, "--sizes has params 7"),
        ({"goal": ("loss@params=70,tokens=1.4T",)}, "--goal loss@params=70,tokens=1.4T has params 70"),
    ],
)
def test_limits_without_their_unit_are_refused_where_there_are_runs(limit, words):
    with pytest.raises(UsageError, match=words):
        task_of([replace(arm(draws=2), present=THERE)], asked(**limit), None)


def test_the_budget_of_a_tiny_design_to_judge_is_no_slip(tmp_path):
    path = design(tmp_path, "params,tokens\n2,2\n")
    found = task_of([replace(arm(draws=2), present=THERE)], asked(budget=None, judge=path, min_compute=1e18), None)
    assert found.budget == 24


def test_two_groups_are_compared_and_one_or_three_are_not():
    arms = [arm(draws=2, name="a"), arm(draws=2, name="b")]
    between = asked(goal=("difference(alpha)",))
    assert task_of(arms, between, None).parameters == 10
    for some in (arms[:1], [*arms, arms[0]]):
        with pytest.raises(UsageError, match=f"compares two groups, but there {'is' if len(some) == 1 else 'are'}"):
            task_of(some, between, None)
    with pytest.raises(UsageError, match="cannot be combined"):
        task_of(arms, asked(goal=("difference(alpha)", "alpha")), None)


def test_runs_under_way_belong_to_one_group(tmp_path):
    path = design(tmp_path, "params,tokens\n1e8,2e9\n")
    found = task_of([arm(draws=2)], asked(underway=path), None)
    assert found.underway.params.tolist() == [1e8]
    with pytest.raises(UsageError, match="--underway works only"):
        task_of([arm(draws=2), arm(draws=2)], asked(goal=("difference(alpha)",), underway=path), None)
    with pytest.raises(UsageError, match="--judge works only") as caught:
        task_of([arm(draws=2), arm(draws=2)], asked(goal=("difference(alpha)",), judge=path), None)
    assert "goals such as alpha" in caught.value.hint


def test_the_budget_is_that_of_the_design_to_judge_where_none_is_given(tmp_path):
    path = design(tmp_path, "params,tokens\n1e8,2e9\n2e8,8e9\n")
    assert task_of([arm(draws=2)], asked(budget=None, judge=path), None).budget == pytest.approx(1.2e18 + 9.6e18)


def test_groups_share_a_budget_but_each_judges_the_whole_design(tmp_path):
    path = design(tmp_path, "params,tokens\n1e8,2e9\n2e8,8e9\n")
    found = task_of([arm(draws=2)], asked(), None, 4)
    assert (found.budget, found.sharing) == (0.25e21, 4)
    found = task_of([arm(draws=2)], asked(budget=None, judge=path), None, 4)
    assert (found.budget, found.sharing) == (pytest.approx(1.08e19), 1)


def test_the_fewest_runs_are_those_of_a_fit_unless_something_is_known():
    found = task_of([arm(draws=2)], asked(), None)
    assert (found.parameters, found.present, found.least_runs) == (5, 0, 6)
    assert replace(found, arms=[replace(found.arms[0], present=THERE)]).least_runs == 1
    assert replace(found, arms=[replace(found.arms[0], present=THERE)]).present == 3
    assert replace(found, arms=[replace(found.arms[0], covariance=np.eye(5))]).least_runs == 1
    half = [replace(found.arms[0], covariance=np.eye(5)), found.arms[0]]
    assert replace(found, arms=half).least_runs == 11


def test_a_published_fit_has_the_usual_noise_unless_it_is_given():
    usual = published_arm(asked(law="chinchilla:besiroglu"))
    assert usual.noise == Noise(0.005)
    assert published_arm(asked(law="chinchilla:besiroglu", noise=0.01)).noise == Noise(0.01)
    assert usual.prior.shape == (5, 5)
    assert usual.parameters[0].tolist() == list(usual.parameters[0])
    assert (usual.present, usual.covariance) == (None, None)


def test_the_noise_of_runs_is_constant_unless_it_clearly_changes():
    generator = np.random.default_rng(0)
    compute = np.geomspace(1e18, 1e22, 60)
    even, uneven = 0.01 * generator.standard_normal(60), generator.standard_normal(60) * np.geomspace(0.03, 0.003, 60)
    assert noise_of(even, compute, 0.01) == Noise(0.01)
    found = noise_of(uneven, compute, 0.01)
    # A factor of ten over four decades is a slope of ln(10) / 4 in logs per decade.
    assert found.slope == pytest.approx(-np.log(10) / 4, abs=0.15) or found.slope == -0.5
    assert (found.sigma, found.centre) == (0.01, pytest.approx(1e20))
    assert found.ends == pytest.approx((1e18, 1e22))
    assert noise_of(uneven[:19], compute[:19], 0.01) == Noise(0.01)
    assert noise_of(uneven, np.full(60, 1e18), 0.01) == Noise(0.01)


def test_noise_is_a_power_of_compute_within_its_range():
    noise = Noise(0.01, -0.2, 1e20, (1e18, 1e22))
    assert noise.at(np.array([1e20, 1e21, 1e18, 1e10, 1e30])) == pytest.approx(
        0.01 * np.exp(-0.2 * np.array([0.0, 1.0, -2.0, -2.0, 2.0]))
    )
    assert Noise(0.01).at(np.array([1e18, 1e30])).tolist() == [0.01, 0.01]


DRAWS = tuple((30.0 * np.exp(0.01 * i), -0.06 - 0.0001 * i**2) for i in range(-5, 6))
SAVED = SavedFit(
    "power", {"a": Estimate(30.0), "b": Estimate(-0.06)}, inputs={"x": "compute"}, noise=0.004, draws=DRAWS
)


def test_a_saved_fit_is_known_by_the_covariance_of_its_replicates():
    found = saved_arm(SAVED, asked())
    assert (found.law.name, found.roles, found.noise, found.name) == ("power", {"x": "compute"}, Noise(0.004), "")
    assert found.parameters[0].tolist() == [30.0, -0.06]
    assert found.parameters[1:].tolist() == [list(row) for row in DRAWS]
    logs = np.array([[np.log(a), b] for a, b in DRAWS])
    assert found.covariance == pytest.approx(np.cov(logs.T))


def test_a_saved_fit_counts_its_runs_so_that_further_ones_never_widen_an_interval():
    few, many = (answered([saved_arm(replace(SAVED, runs=runs), asked(goal=("b",)))], asked(goal=("b",), max_runs=1),
                          "saved", {})[0].goals[0] for runs in (4, 40))  # fmt: skip
    unsaid = saved_arm(SAVED, asked())
    assert (saved_arm(replace(SAVED, runs=40), asked()).behind, unsaid.behind) == (40, 1000)
    assert many.width_after < min(many.width_before, few.width_after)


def test_a_saved_fit_may_list_its_parameters_in_another_order():
    turned = replace(
        SAVED, parameters={"b": Estimate(-0.06), "a": Estimate(30.0)}, draws=tuple(row[::-1] for row in DRAWS)
    )
    assert saved_arm(turned, asked()).parameters == pytest.approx(saved_arm(SAVED, asked()).parameters)


def test_the_noise_of_a_saved_fit_is_its_own_unless_it_is_given():
    assert saved_arm(SAVED, asked(noise=0.02)).noise == Noise(0.02)
    assert saved_arm(replace(SAVED, noise=None), asked()).noise == Noise(0.005)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"draws": None}, UsageError, "no replicates"),
        ({"parameters": {"a": Estimate(30.0)}}, DataError, "has parameters a, not a, b"),
    ],
)
def test_a_saved_fit_needs_replicates_and_the_parameters_of_its_law(changes, error, words):
    with pytest.raises(error, match=words):
        saved_arm(replace(SAVED, **changes), asked())


def test_goals_that_stay_unknown_are_named():
    found = [
        SimpleNamespace(goal=name, width_after=width) for name, width in (("E", 0.1), ("B", np.inf), ("A", np.inf))
    ]
    (doubt,) = _doubts(SimpleNamespace(goals=found), [], {"lab": "ours"})
    assert doubt.code == "plan-unknown-goal"
    assert "B, A" in doubt.message
    assert doubt.group == {"lab": "ours"}
    assert _doubts(SimpleNamespace(goals=found[:1]), [doubt], {}) == [doubt]


def test_the_goal_of_a_condition_is_added_unless_it_is_asked_for():
    texts = lambda *goals: [goal.text for goal in goals_of(asked(goal=goals, until="width(alpha) < 0.01"))]  # noqa: E731
    assert texts("params@1e24") == ["alpha", "params@1e24"]
    assert texts("params@1e24", "alpha") == ["params@1e24", "alpha"]
    assert not compares(asked())
    assert compares(asked(goal=("difference(alpha)",)))


def test_a_check_is_one_of_one_group():
    arms = [arm(draws=2, name="a"), arm(draws=2, name="b")]
    with pytest.raises(
        UsageError, match=r"--check works only with goals of one group, but difference\(alpha\) compares two"
    ):
        answered(arms, asked(goal=("difference(alpha)",), check_=True, max_runs=12), "runs", {})
    result, doubts = answered(arms[:1], asked(goal=("E",), check_=True, max_runs=7), "runs", {})
    assert result.check.ratios == pytest.approx((1.0,), abs=0.35)
    assert (result.judged, doubts) == ((), [])


def test_a_width_that_is_wanted_does_not_count_departures(monkeypatch):
    """The least budget is sought, and the plan made, without them; the smallest and largest run follow the budget."""
    seen = []

    def least(task, condition, bounds):
        seen.append((task, condition))
        return 1e20, bounds(1e20)

    monkeypatch.setattr(question, "least_budget", least)
    parameters = np.array([[30.0, -0.06], [31.0, -0.061], [29.0, -0.059]])
    line = Arm("", find_law("power"), parameters, Noise(0.01), {"x": "compute"}, prior=1e6 * np.eye(2), doubt=0.01)
    wanted = asked(goal=("b",), until="width(b) < 0.02", budget=1e23, max_runs=5, test_share=0.0)
    result, _ = answered([line], wanted, "runs", {})
    ((task, condition),) = seen
    assert task.arms[0].doubt == 0
    assert (condition.goal.text, condition.width) == ("b", 0.02)
    assert result.notes[0] == "the least budget for width(b) < 0.02"
    assert 0.5e20 < sum(run.compute * run.repeats for run in result.runs) <= 1e20 * (1 + 1e-9)
    assert max(run.compute for run in result.runs) <= 0.5e20 * (1 + 1e-9)
