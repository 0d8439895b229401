"""Inputs at the edge of what a command can answer get an answer or a refusal, and never a traceback."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError, UsageError
from tests.grids import one_in, one_of_each

COMPUTE = np.geomspace(1e18, 1e22, 12)
FORMULA = "E + A/params^a + B/compute^b"


def codes(report) -> set[str]:
    return {found.code for found in report.caveats}


def surface(seed: int = 0, ratio: float = 1.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    params, tokens = (grid.ravel() for grid in np.meshgrid(np.geomspace(1e7, 3e9, 6), np.geomspace(2e8, 6e10, 6)))
    loss = (1.7 + 400 / params**0.34 + 2000 / tokens**0.37) * np.exp(0.003 * rng.standard_normal(36))
    return pl.DataFrame({"params": params, "tokens": tokens, "compute": ratio * 6 * params * tokens, "loss": loss})


@pytest.mark.thorough
def test_a_law_without_a_finite_held_out_error_has_no_score():
    x = np.geomspace(1, 1e9, 30)
    report = scaling.fit(pl.DataFrame({"compute": x, "loss": np.exp(-(x**0.3)) + 1e-8}), law="all", interval="none")
    scores = {ranked.law: ranked.heldout_rmse_log for ranked in report.results[0].selection}
    assert scores["logarithmic"] is None
    assert all(score is None or np.isfinite(score) for score in scores.values())
    assert "no-cutoffs" not in codes(report)


@pytest.mark.parametrize("law", ["logarithmic", "power", "sigmoid"])
def test_losses_below_zero_can_be_fitted_without_errors_in_percent(law):
    noise = 0.01 * np.random.default_rng(0).standard_normal(12)
    frame = pl.DataFrame({"compute": COMPUTE, "loss": -5 + 3 * (COMPUTE / 1e18) ** -0.2 + noise})
    result = scaling.fit(frame, law=law, space="linear", replicates=20).results[0]
    assert np.isnan(result.noise)
    assert np.isnan(result.quality.rmse_log)
    with pytest.raises(UsageError, match="not positive"):
        scaling.extrapolate(frame, law=law, space="linear", estimator="describe")


@pytest.mark.parametrize("estimator", ["forecast", "describe"])
def test_a_formula_of_params_and_compute_forecasts_both(estimator):
    report = scaling.extrapolate(
        surface(), law=FORMULA, at=["params=1e9,tokens=1e11", "params=1e9,compute=6e20"], estimator=estimator,
        replicates=20,
    )  # fmt: skip
    first, second = report.results[0].predictions
    assert first.loss.estimate == pytest.approx(second.loss.estimate)
    assert first.reach == pytest.approx(6e20 / (36e19 * 3), rel=1e-6)


@pytest.mark.parametrize(
    "asked", one_in(3, [{"at": ["params=1e9"]}, {}, {"target_loss": [2.0], "at": ["params=1e9,tokens=1e10"]}])
)
def test_what_such_a_formula_cannot_answer_is_refused(asked):
    with pytest.raises(UsageError):
        scaling.extrapolate(surface(), law=FORMULA, replicates=20, **asked)


@pytest.mark.parametrize(("target", "is_reached"), [(0.8, True), (0.99, False)])
def test_a_metric_that_grows_reaches_its_target_from_below(target, is_reached):
    noise = 0.003 * np.random.default_rng(0).standard_normal(12)
    frame = pl.DataFrame({"compute": COMPUTE, "accuracy": 0.9 - 0.7 * (COMPUTE / 1e18) ** -0.2 + noise})
    report = scaling.extrapolate(
        frame, loss="accuracy", x="compute", law="saturating-power", space="linear", target_loss=[target],
        estimator="describe", replicates=40,
    )  # fmt: skip
    (found,) = report.results[0].inverse
    if is_reached:
        assert found.compute.estimate == pytest.approx(1e18 * 7**5, rel=0.3)
        assert found.reachable > 0.9
    else:
        assert found.compute.estimate is None
        assert found.reachable < 0.1
        assert "target-below-floor" in codes(report)
    assert "target-above-data" not in codes(report)


def isoflop(ratio: float) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    compute = np.repeat(np.geomspace(1e18, 1e20, 5), 9)
    params = np.sqrt(compute / 6 / 20) * np.tile(np.geomspace(0.2, 5, 9), 5)
    tokens = compute / 6 / params
    loss = (1.7 + 400 / params**0.34 + 2000 / tokens**0.37) * np.exp(0.001 * rng.standard_normal(45))
    return pl.DataFrame({"params": params, "tokens": tokens, "compute": ratio * compute, "loss": loss})


@pytest.mark.parametrize("budget", [2e20, 1e25])
def test_isoflop_budgets_far_beyond_the_runs_are_named(budget):
    report = scaling.optimal_allocation(isoflop(1.0), approach="isoflop", budget=[budget], replicates=40)
    assert ("far-reach" in codes(report)) == (budget > 1e21)
    assert "split-off-budget" not in codes(report)


def test_an_isoflop_split_that_does_not_spend_the_budget_says_why():
    report = scaling.optimal_allocation(isoflop(1.3), approach="isoflop", budget=[2e20], replicates=40)
    (message,) = [found.message for found in report.caveats if found.code == "split-off-budget"]
    assert "7.8 times params * tokens" in message
    by_rule = scaling.optimal_allocation(
        isoflop(1.3), approach="isoflop", flops_rule="7.8 * params * tokens", budget=[2e20], replicates=40
    )
    assert "split-off-budget" not in codes(by_rule)


@pytest.mark.parametrize(("ratio", "is_off"), [(1.0, False), (1.04, False), (1.07, True), (0.8, True)])
def test_a_split_by_another_count_than_that_of_the_compute_column_says_so(ratio, is_off):
    report = scaling.optimal_allocation(isoflop(ratio), budget=[2e20], interval="none")
    found = [found.message for found in report.caveats if found.code == "split-by-6nd"]
    assert bool(found) == is_off
    if is_off:
        assert f"2e20 FLOPs takes {ratio:.3g} times as many by that column" in found[0]
        rule = f"{6 * ratio:.3g} * params * tokens"
        assert f"(--flops-rule '{rule}')" in found[0]
        by_rule = scaling.optimal_allocation(isoflop(ratio), budget=[2e20], interval="none", flops_rule=rule)
        assert "split-by-6nd" not in codes(by_rule)
        # By the rule, the budget of the column buys what a budget smaller by the ratio buys at 6 FLOPs.
        plain = scaling.optimal_allocation(isoflop(1.0), budget=[2e20 / ratio], interval="none")
        (one,), (other,) = (each.results[0].allocations for each in (by_rule, plain))
        assert one.params.estimate == pytest.approx(other.params.estimate, rel=1e-3)


def test_a_count_that_changes_with_size_is_read_off_the_runs_of_similar_size():
    frame = isoflop(1.0).with_columns(compute=pl.col("compute") * (1 + (4e7 / pl.col("params"))))
    small, large = (
        [found.message for found in scaling.optimal_allocation(frame, budget=[budget], interval="none").caveats
         if found.code == "split-by-6nd"]
        for budget in (1e18, 1e22)
    )  # fmt: skip
    assert "(--flops-rule FORMULA)" in small[0]
    assert large == []


@pytest.mark.parametrize(
    ("tokens", "is_far", "is_line"),
    one_of_each(
        [(tokens, is_far, is_line) for tokens, is_far in ((2e12, True), (6e10, False)) for is_line in (True, False)],
        name="{:g}-{}-{}".format,
        kind=lambda _, is_far, is_line: is_far == is_line,
    ),
)
def test_a_target_off_the_ratio_of_the_data_is_shown_and_named(tokens, is_far, is_line):
    rng = np.random.default_rng(2)
    params = np.repeat(np.geomspace(1e7, 1e9, 8), 3)
    ratio = 20.0 if is_line else np.tile([10.0, 20.0, 40.0], 8)
    loss = (1.7 + 400 / params**0.34 + 2000 / (ratio * params) ** 0.37) * np.exp(0.002 * rng.standard_normal(24))
    frame = pl.DataFrame({"params": params, "tokens": ratio * params, "loss": loss})
    report = scaling.extrapolate(frame, at=[f"params=3e9,tokens={tokens}"], replicates=20)
    (forecast,) = report.results[0].predictions
    assert (forecast.at["params"], forecast.at["tokens"]) == (3e9, tokens)
    assert ("off-ratio" in codes(report)) == is_far


@pytest.mark.parametrize("verb", ["fit", "extrapolate", "optimal_allocation", "plan"])
def test_an_error_that_too_few_points_are_left_says_why_rows_were_left_out(verb):
    frame = pl.DataFrame({"params": [1e8, 2e8, 4e8], "tokens": [1e9, 2e9, 4e9], "loss": ["3.1", "abc", "x"]})
    asked = {
        "fit": {}, "extrapolate": {"at": "params=1e9,tokens=1e10"}, "optimal_allocation": {"budget": 1e22},
        "plan": {"budget": "1e21", "goal": "params@1e24"},
    }  # fmt: skip
    with pytest.raises(ScalingError) as refused:
        getattr(scaling, verb)(frame, **asked[verb])
    assert "unreadable loss such as 'abc'" in next(found.message for found in refused.value.caveats)
