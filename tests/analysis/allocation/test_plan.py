"""The parts that all approaches share: intervals, correlations, bands, and what is said of each budget."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.each_budget import answer_each
from scaling_cli.analysis.allocation.fitted import FittedLaw
from scaling_cli.analysis.allocation.parametric import exponents, parametric
from scaling_cli.analysis.allocation.plan import AllocationPlan, answered, banded, estimated, log_correlation
from scaling_cli.analysis.allocation.stability import stability_doubts
from scaling_cli.analysis.allocation.surface import RepeatedSurface, surface
from scaling_cli.errors import FitError, UsageError
from scaling_cli.flops import flops_rule
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from scaling_cli.results.allocation import Allocation, Cutoff, Repetition
from scaling_cli.results.fit import Curve, Estimate
from tests.analysis.allocation.surfaces import HOFFMANN, best_params, loss_at

LAW = find_law("chinchilla")


def plan(*budgets, losses=(), **costs):
    own = {key: costs.pop(key) for key in ("unique_tokens", "approach", "level", "held", "search") if key in costs}
    own = {"approach": "parametric", "unique_tokens": None, "held": {}, "level": 0.8, **own}
    return AllocationPlan(
        budgets=tuple(budgets), target_losses=tuple(losses), profile="quadratic", costs=Costs(**costs),
        hardware=None, **own,
    )  # fmt: skip


def test_an_interval_is_of_weibull_quantiles_and_reaches_to_the_estimate():
    drawn = np.arange(1.0, 20.0)  # k / 20 is the share below k
    assert estimated(np.array([10.0, *drawn]), 0.8) == Estimate(10.0, pytest.approx(2.0), pytest.approx(18.0))
    assert estimated(np.array([0.5, *drawn]), 0.8) == Estimate(0.5, 0.5, pytest.approx(18.0))
    assert estimated(np.array([25.0, *drawn]), 0.8) == Estimate(25.0, pytest.approx(2.0), 25.0)
    assert estimated(np.array([10.0]), 0.8) == Estimate(10.0)
    assert estimated(np.array([10.0, np.nan, np.nan]), 0.8) == Estimate(10.0)
    assert estimated(np.array([np.inf, *drawn]), 0.8) == Estimate(None, pytest.approx(2.0), pytest.approx(18.0))


def test_replicates_that_no_budget_satisfies_leave_an_end_open():
    drawn = np.array([*np.arange(1.0, 16.0), *np.full(4, np.inf)])
    assert estimated(np.array([10.0, *drawn]), 0.8) == Estimate(10.0, pytest.approx(2.0), None)
    assert estimated(np.array([10.0, *np.full(9, np.inf)]), 0.8) == Estimate(10.0, 10.0, None)


def test_the_correlation_is_that_of_the_logs_of_the_replicates_alone():
    generator = np.random.default_rng(0)
    logs = generator.standard_normal((2, 30))
    params, tokens = np.exp(np.column_stack([[9.0, -9.0], logs]))
    assert log_correlation(params, tokens) == pytest.approx(np.corrcoef(logs)[0, 1])
    broken = params.copy()
    broken[5] = np.inf
    assert log_correlation(broken, tokens) == pytest.approx(np.corrcoef(np.delete(logs, 4, axis=1))[0, 1])
    assert log_correlation(params[:3], tokens[:3]) is None
    assert log_correlation(params[:4], tokens[:4]) is not None
    assert log_correlation(np.full(9, 2.0), tokens[:9]) is None


def test_a_curve_has_a_band_only_if_all_its_points_have_intervals():
    ends = [Estimate(2.0, 1.0, 3.0), Estimate(4.0, 3.0, 5.0)]
    grid = np.array([1e20, 1e21])
    assert banded(grid, ends) == Curve((1e20, 1e21), (2.0, 4.0), (1.0, 3.0), (3.0, 5.0))
    assert banded(grid, [ends[0], Estimate(4.0, None, 5.0)]) == Curve((1e20, 1e21), (2.0, 4.0))
    assert banded(grid, [ends[0], Estimate(4.0, 3.0, None)]) == Curve((1e20, 1e21), (2.0, 4.0))


def test_budgets_without_a_split_are_not_answered():
    nothing, some = Estimate(None), Estimate(1e9)
    rows = [
        Allocation("parametric", 1e20, some, some, some, some),
        Allocation("parametric", 1e21, nothing, nothing, nothing, nothing),
        Allocation("parametric", None, some, some, some, some),
    ]
    assert answered(rows) == [1e20]


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan])
def test_budgets_and_losses_are_above_zero(value):
    with pytest.raises(UsageError, match="--budget is"):
        plan(1e20, value)
    with pytest.raises(UsageError, match="--target-loss is"):
        plan(losses=(value,))


def test_what_makes_a_split_depend_on_more_than_training_is_listed():
    assert plan(1e20).beyond_split == ()
    asked = plan(
        1e20, losses=(2.0,), unique_tokens=1e9, held={"bits": 4.0}, search={"granularity": None}, inference_tokens=1e12,
        inference_budget=1e10, min_params=1e8, max_params=1e11, max_tokens=1e13, rule=flops_rule("8*params*tokens"),
    )  # fmt: skip
    limits = ("--inference-tokens", "--inference-budget", "--unique-tokens", "--min-params", "--max-params",
              "--max-tokens")  # fmt: skip
    assert asked.beside_training == limits
    assert asked.beyond_split == (*limits, "--hold", "--search", "--target-loss")
    with pytest.raises(UsageError, match="--approach isoflop cannot be combined with --max-params"):
        plan(1e20, approach="isoflop", max_params=1e9)


def allocation(**options):
    one = Estimate(1e9)
    return Allocation("parametric", 1e21, one, one, one, one, **options)


def said(valley=None, asked=None, **options):
    _, caveats = answer_each(asked or plan(1e21), None, lambda *_: (allocation(**options), valley))
    return {found.code: found.message for found in caveats}


def test_each_doubt_of_a_split_has_its_limit():
    assert said() == {}
    assert said(reach=10.5) == {}
    assert set(said(reach=10.6)) == {"far-reach"}
    assert "--max-params and --max-tokens" in said(limit="max-params and max-tokens")["limited"]
    assert set(said(valley=(1e8, 1e10))) == {"falls-again"}
    assert set(said(asked=plan(1e21, max_params=1e9))) == {"training-exponents"}


@pytest.mark.parametrize(
    ("epochs", "words"), [(4.0, None), (4.1, "by little"), (16.0, "by little"), (16.1, "next to nothing")]
)
def test_repeated_tokens_are_worth_little_from_four_epochs_on_and_nothing_from_sixteen(epochs, words):
    found = said(repetition=Repetition(1e9, epochs, None, None))
    assert (words is None) == (found == {})
    assert words is None or words in found["many-epochs"]


def test_questions_are_answered_one_by_one_and_all_refused_is_an_error():
    def answer(compute, loss):
        if loss is not None:
            raise FitError("No budget.", hint="Ask for more.")
        return allocation(), None

    rows, caveats = answer_each(plan(1e21, 1e22, losses=(0.1,)), None, answer)
    assert [row.compute for row in rows] == [1e21, 1e21, None]
    assert rows[2].target_loss == 0.1
    assert [found.code for found in caveats] == ["unanswered"]
    with pytest.raises(FitError, match="No budget"):
        answer_each(plan(losses=(0.1, 0.2)), None, answer)


def cutoff(approach, exponent, error, tokens=1e9):
    return Cutoff(tokens, 30, approach, exponent, error)


class Answer:
    def __init__(self, exponent):
        self.exponents = {"params": Estimate(exponent)}


@pytest.mark.parametrize(
    ("exponents", "error", "is_said"),
    [
        ((0.551, 0.5), 0.01, True),
        ((0.549, 0.5), 0.01, False),  # within 0.05, which is ignored
        ((0.5, 0.449), 0.01, True),
        ((0.58, 0.5), 0.03, False),  # within three standard errors
        ((0.595, 0.5), 0.03, True),
        ((0.9, 0.5), None, False),
    ],
)
def test_an_exponent_is_unstable_beyond_a_twentieth_and_three_standard_errors(exponents, error, is_said):
    whole, part = exponents
    steps = (cutoff("parametric", part, error), cutoff("envelope", 0.3, None))
    answers = {"parametric": Answer(whole), "envelope": Answer(0.9)}
    assert [found.code for found in stability_doubts(steps, answers, None)] == ["unstable-exponent"] * is_said


def test_the_range_of_exponents_and_the_cut_off_that_moves_most_are_said():
    steps = (cutoff("parametric", 0.40, 0.01, 2e9), cutoff("parametric", 0.42, 0.01, 5e9))
    (found,) = stability_doubts(steps, {"parametric": Answer(0.5)}, None)
    assert "0.4" in found.message
    assert "0.5" in found.message
    assert "2e9" in found.message or "2B" in found.message
    assert stability_doubts(steps, {"parametric": Answer(None)}, None) == []


def fitted(*rows):
    return FittedLaw(LAW, np.array(rows or [HOFFMANN]), {"compute": (1e19, 1e21)})


def test_exponents_with_a_closed_form_equal_those_of_differences():
    """beta / (alpha + beta) by Hoffmann et al. 2022; a rule of another size counts alike."""
    rows = fitted(HOFFMANN, (1.8, 300.0, 500.0, 0.4, 0.3))
    expected = [0.28 / 0.62, 0.3 / 0.7]
    for rule in ("6ND", "8*params*tokens", "(6*params + 1e2)*tokens"):
        asked = plan(1e22, 1e24, rule=flops_rule(rule))
        params, tokens = exponents(surface(LAW, rows.parameters, None, {}), asked, [1e22, 1e24])
        assert params == pytest.approx(expected, rel=1e-3)
        assert tokens == pytest.approx(1 - np.array(expected), rel=1e-3)


def test_a_split_shows_what_training_and_inference_cost_and_save():
    asked = plan(1e22, inference_tokens=1e13)
    (row,) = parametric(fitted(), asked, None).allocations
    params, tokens = row.params.estimate, row.tokens.estimate
    assert row.training_compute == pytest.approx(6 * params * tokens)
    assert row.inference_compute == pytest.approx(2 * params * 1e13)
    assert row.training_compute + row.inference_compute == pytest.approx(1e22, rel=1e-6)
    assert row.tokens_per_param.estimate == pytest.approx(tokens / params)
    assert row.loss.estimate == pytest.approx(loss_at(HOFFMANN, params, tokens))
    assert row.reach == pytest.approx(row.training_compute / 1e21)
    # Compute-optimal training to an equal loss needs this much with its inference.
    budgets = np.geomspace(1e20, 1e23, 40_001)
    sizes = best_params(HOFFMANN, budgets)
    enough = np.argmax(loss_at(HOFFMANN, sizes, budgets / 6 / sizes) <= row.loss.estimate)
    usual = budgets[enough] + 2 * sizes[enough] * 1e13
    assert row.saving == pytest.approx(1 - 1e22 / usual, abs=1e-3)


def test_another_unique_token_is_worth_the_compute_that_lowers_the_loss_as_much():
    asked = plan(1e22, unique_tokens=2e10)
    (row,) = parametric(fitted(), asked, None).allocations
    assert row.repetition.epochs == pytest.approx(row.tokens.estimate / 2e10)
    assert row.repetition.unique_tokens == 2e10

    def lowest(unique, compute):
        params = np.geomspace(1e8, 1e12, 20_001)
        repeated = RepeatedSurface(surface(LAW, np.array([HOFFMANN]), None, {}), unique)
        return float(repeated.log_loss(params, compute / 6 / params).min())

    by_token = (lowest(2.02e10, 1e22) - lowest(1.98e10, 1e22)) / 0.04e10
    by_flop = (lowest(2e10, 1.01e22) - lowest(2e10, 0.99e22)) / 0.02e22
    assert row.repetition.flops_per_unique_token == pytest.approx(by_token / by_flop, rel=0.01)


def test_repeated_tokens_are_worth_what_the_published_formula_says():
    """Muennighoff et al. 2023, eq. 5: D' = U + U R (1 - exp(-(D / U - 1) / R)) with R = 15.39."""
    repeated = RepeatedSurface(surface(LAW, np.array([HOFFMANN]), None, {}), 1e10)
    tokens = np.array([5e9, 1e10, 4e10, 1e12])
    expected = [5e9, 1e10, 1e10 * (1 + 15.387756 * (1 - np.exp(-3 / 15.387756))),
                1e10 * (1 + 15.387756 * (1 - np.exp(-99 / 15.387756)))]  # fmt: skip
    assert repeated.effective_tokens(tokens) == pytest.approx(expected)


def test_the_frontier_spans_the_budgets_and_the_runs():
    found = parametric(fitted(HOFFMANN, HOFFMANN, HOFFMANN), plan(1e22, 1e24), None).frontier
    assert (found.x[0], found.x[-1], len(found.x)) == (pytest.approx(1e19), pytest.approx(1e24), 40)
    assert found.y == pytest.approx(best_params(HOFFMANN, np.array(found.x)))
    assert found.low == pytest.approx(found.y)
    alone = parametric(replace(fitted(), ranges={}), plan(1e22), None).frontier
    assert (alone.x[0], alone.x[-1]) == (pytest.approx(1e22), pytest.approx(1e23))


def test_a_target_loss_is_answered_with_its_least_budget_and_interval():
    rows = fitted(HOFFMANN, (1.7, 406.4, 410.7, 0.34, 0.28), (1.68, 406.4, 410.7, 0.34, 0.28))
    (row,) = parametric(rows, plan(losses=(2.1,)), None).allocations
    assert loss_at(
        HOFFMANN, best_params(HOFFMANN, row.compute), row.compute / 6 / best_params(HOFFMANN, row.compute)
    ) == (pytest.approx(2.1, rel=1e-6))
    assert row.compute_interval[0] < row.compute < row.compute_interval[1]
    assert row.target_loss == 2.1
