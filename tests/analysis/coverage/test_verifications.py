"""Solutions against verifications: the best split of the compute for a problem, and how it grows with compute.

How often intervals hold the truth is printed by `pytest -s -m slow tests/analysis/coverage/test_verifications.py`.
"""

from __future__ import annotations

import math
import sys
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

import scaling_cli as scaling
from scaling_cli.analysis.coverage.verifications import _doubts, _estimate
from scaling_cli.coverage.verifications import Settings, best, exponents, settings_of_verdicts, smooth
from scaling_cli.errors import DataError, FitError, UsageError
from scaling_cli.results.fit import Estimate

COST, FIRST, POWER, GAIN, WIDTH = 0.5, 1.5, 0.57, 0.45, 0.18  # best solutions: FIRST * compute^POWER
LEVELS = 2.0 ** np.arange(9), 2.0 ** np.arange(7)
ASKED = {"solutions": "s", "verifications": "v", "verify_cost": COST, "replicates": 200}


def chance(solutions, verifications):
    """The accuracy at a setting, which for equal compute is highest at FIRST * compute^POWER solutions."""
    compute = np.log(solutions * (1 + COST * verifications))
    off = np.log(solutions) - np.log(FIRST) - POWER * compute
    return 1 / (1 + np.exp(1.5 - GAIN * compute + WIDTH * off**2))


def accuracies(problems, seed):
    solutions, verifications = (each.ravel() for each in np.meshgrid(*LEVELS, indexing="ij"))
    generator = np.random.default_rng(seed)
    solved = generator.random((problems, len(solutions))) < chance(solutions, verifications)
    return Settings(solutions, verifications, solved.astype(float))


def logged(problems=200, seed=0):
    settings = accuracies(problems, seed)
    count = len(settings.solutions)
    return pl.DataFrame(
        {
            "problem": [f"p{place}" for place in range(problems) for _ in range(count)],
            "s": np.tile(settings.solutions, problems).astype(int), "v": np.tile(settings.verifications, problems),
            "correct": settings.accuracy.ravel().astype(int),
        }
    )  # fmt: skip


def verdicts(problems=12, solutions=16, verifications=8, seed=1):
    """A row for each verification, by a verifier that is right in 70 % of cases."""
    generator, rows = np.random.default_rng(seed), []
    for problem in range(problems):
        for attempt in range(solutions):
            correct = int(generator.random() < 0.3)
            judged = generator.random(verifications) < (0.7 if correct else 0.3)
            rows += [(f"p{problem}", attempt, correct, int(verdict)) for verdict in judged]
    return pl.DataFrame(rows, schema=["problem", "attempt", "correct", "verdict"], orient="row")


def result_of(table, **options):
    report = scaling.inference_coverage(table, **options)
    return report.results[0], report


def test_the_answer_holds_the_truth_and_says_it_in_one_sentence():
    result, report = result_of(logged(400, seed=2), level=0.99, **ASKED)
    found = result.split
    assert found.solutions_exponent.low < POWER < found.solutions_exponent.high
    for row in found.budgets[1:-1]:
        assert row.solutions.low <= FIRST * row.budget**POWER <= row.solutions.high or row.end is not None
        spent = row.solutions.estimate * (1 + COST * row.verifications.estimate)
        assert spent == pytest.approx(row.budget)
        assert abs(row.accuracy.estimate - chance(row.solutions.estimate, row.verifications.estimate)) < 0.03
    assert found.misfit < 0.03
    assert result.sentence.startswith("For the compute of ")
    assert "The best number of solutions grows as compute^0." in result.sentence
    (table,) = [section for section in report.summary().split("\n\n") if section.startswith("Best solutions")]
    assert len(table.splitlines()) == 2 + len(found.budgets)


def test_a_budget_in_flops_is_that_of_its_solutions():
    prices = {"model_params": "8B", "tokens_out": 500}
    result, _ = result_of(logged(), **ASKED, **prices, budget="1e15flops")
    (row,) = result.split.budgets
    assert row.budget == pytest.approx(1e15 / (2 * 8e9 * 500))
    assert (row.amount, row.unit) == (1e15, "flops")
    far, report = result_of(logged(), **ASKED, **prices, budget="1e19flops")
    assert far.split.budgets[0].solutions.estimate is None
    assert "budget-outside-settings" in {found.code for found in report.caveats}


def test_solutions_are_chosen_by_the_mean_of_their_verdicts():
    """Two solutions, one correct: with one verdict each, it is chosen if accepted alone, or at random among equals."""
    truth, judged = np.array([1.0, 0.0]), np.array([[1.0, 1, 0, 1], [0.0, 1, 0, 0]])
    found = settings_of_verdicts([truth] * 40, [judged] * 40, np.random.default_rng(0))
    accuracy = dict(
        zip(zip(found.solutions, found.verifications, strict=True), found.accuracy.mean(axis=0), strict=True)
    )
    right, wrong = 0.75, 0.25
    one = right * (1 - wrong) + 0.5 * (right * wrong + (1 - right) * (1 - wrong))
    draws = 40 * 100
    assert accuracy[1.0, 1.0] == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / draws))
    assert accuracy[2.0, 1.0] == pytest.approx(one, abs=4 * math.sqrt(one * (1 - one) / draws))
    assert accuracy[2.0, 4.0] == 1.0


def test_a_log_with_a_row_for_each_verification_is_split():
    result, _ = result_of(verdicts(), verified="verdict", verify_cost=0.5, replicates=100)
    assert result.layout == "verdicts"
    assert result.attempts.max == 16
    accuracy = [row.accuracy.estimate for row in result.split.budgets]
    assert accuracy == sorted(accuracy)
    by, _ = result_of(
        verdicts().with_columns(kind=pl.lit("one")), verified="verdict", verify_cost=0.5, replicates=100, by="kind"
    )
    assert by.group == {"kind": "one"}


def test_row_order_and_text_do_not_matter(tmp_path):
    path = tmp_path / "grid.csv"
    logged(20).sample(fraction=1.0, shuffle=True, seed=3).write_csv(path)
    assert result_of(str(path), **ASKED)[0].split == result_of(logged(20), **ASKED)[0].split


def test_a_setting_that_some_problems_lack_is_left_out():
    table = logged(20).filter(~((pl.col("problem") == "p3") & (pl.col("s") == 256) & (pl.col("v") == 64)))
    assert "settings-left-out" in {found.code for found in result_of(table, **ASKED)[1].caveats}


@pytest.mark.parametrize(
    ("table", "options", "kind", "said"),
    [
        (logged(5), {"solutions": "s"}, UsageError, "needs a log of both"),
        (logged(5), {"verify_cost": 1}, UsageError, "needs a log of both"),
        (logged(5), {"solutions": "s", "verifications": "nowhere"}, UsageError, "nowhere"),
        (logged(5), {"solutions": "s", "verifications": "v", "k": "1,2"}, UsageError, "--k cannot be combined"),
        (logged(5), {"solutions": "s", "verifications": "v", "budget": "1usd"}, UsageError, "cost of an attempt"),
        (logged(1), {"solutions": "s", "verifications": "v"}, FitError, "one problem"),
        (logged(5).filter(pl.col("v") < 4), {"solutions": "s", "verifications": "v"}, FitError, "too few numbers"),
        (logged(5).with_columns(s=0), {"solutions": "s", "verifications": "v"}, DataError, "fewer than 1 solution"),
        (logged(5).with_columns(correct=3), {"solutions": "s", "verifications": "v"}, DataError, "between 0 and 1"),
        (logged(5).drop("correct"), {"solutions": "s", "verifications": "v"}, DataError, "'correct'"),
        (logged(5).with_columns(correct=None), {"solutions": "s", "verifications": "v"}, DataError, "has an outcome"),
        (verdicts(3).with_columns(correct=pl.col("verdict")), {"verified": "verdict", "verify_cost": 1}, UsageError,
         "different outcomes"),
    ],
)  # fmt: skip
def test_what_cannot_be_split_says_why(table, options, kind, said):
    with pytest.raises(kind, match=said):
        scaling.inference_coverage(table, **options)


@pytest.mark.parametrize(("correct", "share"), [(1, "100 %"), (0, "0 %")])
def test_the_same_accuracy_everywhere_gives_no_split_and_no_growth(correct, share):
    with pytest.raises(FitError, match=f"the same accuracy \\({share}\\)"):
        scaling.inference_coverage(logged(10).with_columns(correct=correct), **ASKED)


def test_a_budget_pays_for_the_prompt_once_before_it_pays_for_solutions():
    prices = {"price_in": 3, "tokens_in": 10_000, "price_out": 15, "tokens_out": 100}
    result, _ = result_of(logged(), **ASKED, **prices, budget=("0.1usd", "0.02usd"))
    first, second = result.split.budgets
    assert first.budget == pytest.approx((0.1 - 3 * 0.01) / (15 * 1e-4))
    assert (second.budget, second.solutions.estimate) == (0.0, None)


@pytest.mark.parametrize(
    ("solutions", "verifications", "said"),
    [(3, 8, "2 solutions with 8 verifications"), (16, 2, "16 solutions with 2 verifications")],
)
def test_a_problem_with_few_solutions_or_verdicts_is_named_as_what_limits_the_log(solutions, verifications, said):
    order = pl.int_range(pl.len()).over("problem", "attempt")
    is_few = (pl.col("attempt") >= solutions) | (order >= verifications)
    table = verdicts().filter(~((pl.col("problem") == "p3") & is_few))
    with pytest.raises(FitError, match=f"no more than {said}"):
        result_of(table, verified="verdict", verify_cost=0.5)
    some = verdicts().filter(~((pl.col("problem") == "p3") & (pl.col("attempt") >= 8)))
    _, report = result_of(some, verified="verdict", verify_cost=0.5)
    (doubt,) = [each for each in report.caveats if each.code == "settings-left-out"]
    assert doubt.message.startswith("4 settings are")  # 16 solutions with 1, 2, 4 and 8 verifications


def test_a_group_that_cannot_be_split_leaves_the_others():
    both = pl.concat([logged(20).with_columns(kind=pl.lit("a")), logged(1).with_columns(kind=pl.lit("b"))])
    report = scaling.inference_coverage(both, by="kind", **ASKED)
    assert [result.group for result in report.results] == [{"kind": "a"}]
    assert [(each.group, "one problem" in each.error) for each in report.failures] == [({"kind": "b"}, True)]
    alone = result_of(logged(20), **ASKED)[0].split
    assert [row.solutions.estimate for row in report.results[0].split.budgets] == [
        row.solutions.estimate for row in alone.budgets
    ]
    assert report.results[0].split.solutions_exponent.estimate == alone.solutions_exponent.estimate


@pytest.mark.parametrize(("group", "label"), [({"kind": "a"}, {"kind": "a"}), ({}, None)])
def test_budgets_outside_the_log_and_splits_at_an_end_are_noted_by_group(group, label):
    def doubts(*rows):
        made = [SimpleNamespace(solutions=Estimate(value), end=end) for value, end in rows]
        found = _doubts(SimpleNamespace(split=SimpleNamespace(budgets=made)), group)
        assert all(each.group == label for each in found)
        return {each.code: each.message for each in found}

    assert doubts((3.0, None), (4.0, None)) == {}
    assert list(doubts((3.0, None), (None, None))) == ["budget-outside-settings"]
    message = doubts((3.0, "fewest"), (4.0, "most"), (5.0, None))["split-at-end"]
    assert "2 of 3 budgets" in message
    assert "most" in message


def test_settings_that_are_left_out_are_noted_by_group():
    lacking = logged(20).filter(~((pl.col("problem") == "p3") & (pl.col("s") == 256) & (pl.col("v") == 64)))
    both = pl.concat([logged(20).with_columns(kind=pl.lit("a")), lacking.with_columns(kind=pl.lit("b"))])
    report = scaling.inference_coverage(both, by="kind", **ASKED)
    noted = [each for each in report.caveats if each.code == "settings-left-out"]
    assert [each.group for each in noted] == [{"kind": "b"}]
    assert noted[0].message.startswith("1 ")
    alone = scaling.inference_coverage(lacking, **ASKED)
    assert [each.group for each in alone.caveats if each.code == "settings-left-out"] == [None]


@pytest.mark.slow
def test_intervals_of_exponents_and_best_splits_hold_the_truth_as_often_as_they_say():
    sets, inside = 300, np.zeros(2)
    for seed in range(sets):
        settings, generator = accuracies(300, seed), np.random.default_rng(seed)
        drawn = generator.multinomial(300, np.full(300, 1 / 300), size=999) / 300
        surface = smooth(settings, np.vstack([np.full(300, 1 / 300), drawn]), COST)
        low, high = surface.budgets
        along = np.linspace(low + 0.15 * (high - low), high - 0.15 * (high - low), 17)
        powers, splits = exponents(surface, COST, along)[0], np.exp(best(surface, np.log(256.0)).u)
        for place, (values, truth) in enumerate(((powers, POWER), (splits, FIRST * 256**POWER))):
            ends = np.quantile(values[1:][np.isfinite(values[1:])], [0.025, 0.975], method="weibull")
            inside[place] += ends[0] < truth < ends[1]
    sys.stdout.write(f"intervals that hold the exponent, and the best split of 256 solutions: {inside / sets}\n")
    assert (inside >= binom.ppf(0.005, sets, 0.95)).all()


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        # From 1.5 to 8,448 solutions: 12.5 doublings, of which the first eight budgets take one each.
        (LEVELS, 1.5 * 2.0 ** np.arange(1, 9)),
        # From 1.5 to 12: three doublings, both ends left out.
        ((np.array([1.0, 2, 4]), np.array([1.0, 2, 4])), [3.0, 6.0]),
    ],
)
def test_budgets_of_the_table_are_doublings_inside_the_log(levels, expected):
    solutions, verifications = (each.ravel() for each in np.meshgrid(*levels, indexing="ij"))
    generator = np.random.default_rng(0)
    solved = generator.random((40, len(solutions))) < chance(solutions, verifications)
    rows = pl.DataFrame(
        {"problem": np.repeat([f"p{i}" for i in range(40)], len(solutions)), "s": np.tile(solutions, 40).astype(int),
         "v": np.tile(verifications, 40), "correct": solved.ravel().astype(int)}
    )  # fmt: skip
    (result,) = scaling.inference_coverage(rows, **ASKED).results
    assert [row.budget for row in result.split.budgets] == pytest.approx(expected)
    assert {(row.amount, row.unit) for row in result.split.budgets} == {(None, "")}
    assert (result.attempts.min, result.attempts.max) == (1, levels[0][-1])
    assert result.unsolved == int((solved.sum(axis=1) == 0).sum())


def test_an_estimate_has_the_quantiles_of_replicates_of_which_half_are_known():
    drawn = np.arange(1.0, 20.0)
    assert _estimate(np.array([10.0, *drawn]), 0.8) == Estimate(10.0, pytest.approx(2.0), pytest.approx(18.0))
    assert _estimate(np.array([0.5, *drawn]), 0.8) == Estimate(0.5, 0.5, pytest.approx(18.0))
    assert _estimate(np.array([np.nan, *drawn]), 0.8) == Estimate(None)
    half = np.array([3.0, 1.0, 2.0, 3.0, np.nan, np.nan])
    assert _estimate(half, 0.5).low is not None
    assert _estimate(np.array([3.0, 1.0, 2.0, np.nan, np.nan, np.nan]), 0.5) == Estimate(3.0)
    assert _estimate(np.array([3.0, np.inf, np.inf, 1.0]), 0.5) == Estimate(3.0)
