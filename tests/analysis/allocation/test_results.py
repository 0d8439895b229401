"""Results put together: from a saved fit with known parameters, and by each approach from runs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.allocation import answer as answer_module
from scaling_cli.analysis.allocation.answer import _gap, allocate_saved
from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.evidence import AllocationData
from scaling_cli.analysis.allocation.fitted import FittedLaw
from scaling_cli.analysis.allocation.plan import AllocationPlan
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.fit import Settings
from scaling_cli.laws import find_law
from scaling_cli.results.fit import IntervalMethod
from tests.analysis.allocation.surfaces import HOFFMANN, best_params, isoflop_frame, loss_at

GROUP = {"data": "web"}
METHOD = IntervalMethod("wild", 0.8, 3, "run")
LAW = find_law("chinchilla")
ROWS = [dict(zip(("E", "A", "B", "alpha", "beta"), HOFFMANN, strict=True)) | more
        for more in ({}, {"A": 300.0}, {"A": 500.0}, {"B": 500.0})]  # fmt: skip


def plan(*budgets, losses=(), level=0.8, **more):
    return AllocationPlan(
        budgets=budgets, target_losses=losses, approach="parametric", profile="exact", costs=Costs(**more),
        unique_tokens=None, held={}, hardware=None, level=level,
    )  # fmt: skip


def saved(rows=ROWS, ranges=None, asked=None, *, with_gap=False, law=LAW):
    parameters = np.array([[row[name] for name in law.names] for row in rows])
    fitted = FittedLaw(law, parameters, {"compute": (1e18, 1e21)} if ranges is None else ranges)
    return allocate_saved(fitted, GROUP, METHOD, asked or plan(1e21, 1e22), with_gap=with_gap)


def best(row, compute):
    return float(best_params(tuple(row[name] for name in ("E", "A", "B", "alpha", "beta")), compute))


def test_a_saved_fit_has_the_closed_form_of_each_of_its_replicates():
    result, caveats = saved()
    assert caveats == []
    assert (result.group, result.runs, result.points, result.law) == (GROUP, None, None, "chinchilla")
    assert (result.formula, result.interval, result.ranges) == (LAW.formula, METHOD, {"compute": (1e18, 1e21)})
    for row, compute in zip(result.allocations, (1e21, 1e22), strict=True):
        sizes = [best(each, compute) for each in ROWS]
        low, high = np.quantile(sizes[1:], [0.1, 0.9], method="weibull")
        assert row.params.estimate == pytest.approx(sizes[0])
        assert (row.params.low, row.params.high) == pytest.approx((min(low, sizes[0]), max(high, sizes[0])))
        tokens = compute / 6 / sizes[0]
        assert row.tokens.estimate == pytest.approx(tokens)
        assert row.loss.estimate == pytest.approx(float(loss_at(HOFFMANN, np.array(sizes[0]), np.array(tokens))))
        assert row.reach == pytest.approx(compute / 1e21)
    exponents = result.exponents["parametric"]
    assert exponents["params"].estimate == pytest.approx(HOFFMANN[4] / (HOFFMANN[3] + HOFFMANN[4]))
    assert exponents["params"].estimate + exponents["tokens"].estimate == pytest.approx(1.0)
    frontier = result.frontiers["parametric"]
    assert (frontier.x[0], frontier.x[-1]) == pytest.approx((1e18, 1e22))
    assert frontier.y == pytest.approx([best(ROWS[0], compute) for compute in frontier.x])
    assert result.gap == ()


def test_a_saved_fit_notes_what_it_lacks():
    codes = [each.code for each in saved(ROWS[:1])[1]]
    assert codes == ["no-draws"]
    assert [each.code for each in saved(asked=plan(9e16))[1]] == ["small-budget"]
    assert saved(asked=plan(9e16), ranges={})[1] == []
    assert [each.code for each in saved(asked=plan(1.1e22))[1]] == ["far-reach"]
    found, caveats = saved(asked=plan(1e21, losses=(0.5,)))
    assert [each.code for each in caveats] == ["unanswered"]
    assert found.allocations[1].params.estimate is None
    with pytest.raises(FitError, match="No budget reaches"):
        saved(asked=plan(losses=(0.5,)))


def test_the_gap_to_kaplan_needs_a_law_of_the_family():
    result, _ = saved(with_gap=True)
    assert result.gap[0].exponent == pytest.approx(HOFFMANN[4] / (HOFFMANN[3] + HOFFMANN[4]))
    general = FittedLaw(find_law("general"), np.ones((1, 6)), {})
    for fitted in (None, general):
        with pytest.raises(UsageError, match="--explain-gap needs a law"):
            _gap(fitted)


FRAME = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.2, 1.2, 6), budgets=np.geomspace(1e18, 1e21, 5), noise=0.001)


def answered(frame=FRAME, **options):
    report = scaling.optimal_allocation(frame, **{"budget": 1e22, "interval": "none", **options})
    return report.results[0], {each.code: each for each in report.caveats}


@pytest.mark.parametrize("approach", ["parametric", "isoflop"])
def test_an_approach_shows_its_own_parts_and_no_other(approach):
    result, _ = answered(approach=approach)
    assert (result.runs, result.points) == (30, 30)
    assert set(result.exponents) == set(result.frontiers) == {approach}
    assert {row.approach for row in result.allocations} == {approach}
    assert result.exponents[approach]["params"].estimate == pytest.approx(0.4565, abs=0.02)
    is_law = approach == "parametric"
    assert (result.law, result.formula) == (("chinchilla", LAW.formula) if is_law else (None, None))
    assert (result.profile, len(result.isoflops)) == ((None, 0) if is_law else ("exact", 5))
    assert (result.estimators, result.agreement, result.envelope) == ((), (), None)
    assert result.interval.method == "none"
    assert result.allocations[0].reach == pytest.approx(10.0)


def test_all_approaches_that_can_be_used_are_compared():
    result, caveats = answered(approach="all")
    assert list(result.exponents) == ["parametric", "isoflop"]
    assert (
        caveats["approach-skipped"].message.startswith("envelope") or "envelope" in caveats["approach-skipped"].message
    )
    (agreed,) = result.agreement
    sizes = [row.params.estimate for row in result.allocations]
    assert agreed.params_ratio == pytest.approx(max(sizes) / min(sizes))
    assert agreed.intervals_overlap is None
    assert [each.objective for each in result.estimators] == ["huber", "huber", "lad", "least-squares"]
    assert result.profile == "exact"


def test_no_approach_that_can_be_used_is_an_error_with_what_was_found_before():
    with pytest.raises(FitError, match="no training curves for an envelope"):
        answered(approach="envelope")
    one = FRAME.filter(pl.col("compute") < 1.5e18)
    with pytest.raises(FitError, match="several budgets"):
        answered(one, approach="all")


def test_approaches_that_disagree_are_noted():
    """Losses of large models are too low by a factor that grows with size, which the surface does not follow."""
    off = FRAME.with_columns(loss=pl.col("loss") * (1 + 0.02 * (pl.col("params") / 1e9) ** 0.6))
    result, caveats = answered(off, approach="all", interval="wild", replicates=20)
    (agreed,) = result.agreement
    assert ("approaches-disagree" in caveats) is (agreed.intervals_overlap is False)
    intervals = [(row.params.low, row.params.high) for row in result.allocations]
    overlap = max(low for low, _ in intervals) <= min(high for _, high in intervals)
    assert agreed.intervals_overlap is overlap


def test_a_split_that_only_a_limit_makes_best_has_no_exponent():
    law = find_law("general")
    row = dict(zip(law.names, (1.7, 1e-9, 410.0, 0.34, 0.28, 1.0), strict=True))
    row |= {"E": 1.7, "A": 0.0, "B": 410.0, "alpha": 0.34, "beta": 0.28, "gamma": 1.0}
    result, _ = saved([row], law=law, asked=plan(1e21, min_params=1e8))
    assert result.allocations[0].limit == "min-params"
    assert result.exponents["parametric"]["params"].estimate is None
    assert result.allocations[0].params.estimate == pytest.approx(1e8)


def seeds(shared):
    """Two seeds of each run, whose errors have the share `shared` of their variance in common."""
    rng = np.random.default_rng(3)
    once = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.2, 1.2, 6), budgets=np.geomspace(1e18, 1e21, 5))
    common, own = rng.standard_normal(30), rng.standard_normal((2, 30))
    noise = 0.01 * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
    return pl.concat([
        once.with_columns(loss=once["loss"] * np.exp(row), run_id=pl.Series([f"s{i}r{j}" for j in range(30)]))
        for i, row in enumerate(noise)
    ])  # fmt: skip


@pytest.mark.parametrize("approach", ["parametric", "isoflop"])
def test_seeds_that_err_together_are_resampled_together_in_every_approach(approach):
    widths = []
    for shared in (0.95, 0.0):
        result, caveats = answered(seeds(shared), approach=approach, interval="wild", replicates=30)
        assert ("runs-err-together" in caveats) is (shared > 0.5)
        found = result.exponents[approach]["params"]
        widths.append(found.high - found.low)
    assert widths[0] > 1.2 * widths[1]  # of sixty runs, thirty count


def test_points_that_cannot_be_fitted_are_not_checked(monkeypatch):
    def fails(*_):
        raise FitError("no", hint="")

    monkeypatch.setattr(answer_module, "optimum", fails)
    data = AllocationData(grouped=SimpleNamespace(problem=None), points=None, curves=None)
    assert answer_module._checked(data, Settings()) == (data, [])
