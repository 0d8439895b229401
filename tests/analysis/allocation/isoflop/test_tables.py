"""The tables and caveats of IsoFLOP curves, from curves on a known surface."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy.stats import linregress

from scaling_cli import optimal_allocation
from scaling_cli.analysis.allocation.isoflop import curves
from scaling_cli.analysis.allocation.isoflop.budgets import Budget
from scaling_cli.analysis.allocation.isoflop.tables import _drift, _lost, _thin_sides
from scaling_cli.errors import FitError
from tests.analysis.allocation.surfaces import ASYMMETRIC, HOFFMANN, SYMMETRIC, best_params, isoflop_frame, loss_at

OFFSETS = np.linspace(-1.5, 1.5, 9)
BUDGETS = np.geomspace(1e18, 1e21, 6)


def answer(frame=None, **options):
    frame = isoflop_frame(HOFFMANN, offsets=OFFSETS, budgets=BUDGETS) if frame is None else frame
    report = optimal_allocation(frame, approach="isoflop", interval="none", budget=1e22, **options)
    return report.results[0], {each.code: each.message for each in report.caveats}


def grid(offsets, drift=0.0, law=HOFFMANN):
    return isoflop_frame(law, offsets=np.asarray(offsets), budgets=BUDGETS, drift=drift)


def test_rows_are_the_minima_of_the_surface():
    result, _ = answer()
    assert [row.compute for row in result.isoflops] == pytest.approx(BUDGETS)
    for row in result.isoflops:
        best = float(best_params(HOFFMANN, row.compute))
        assert row.params.estimate == pytest.approx(best, rel=1e-3)
        assert row.tokens.estimate == pytest.approx(row.compute / 6 / best, rel=1e-3)
        assert row.loss.estimate == pytest.approx(float(loss_at(HOFFMANN, best, row.compute / 6 / best)), rel=1e-5)
        assert (row.points, row.sizes, row.refused) == (9, 9, None)
        assert row.centre_offset == pytest.approx(0, abs=1e-3)
        assert row.left + row.right in (8, 9)
        assert min(row.left, row.right) == 4


def test_checks_of_a_parabola_are_its_vertex_bend_and_bias():
    result, _ = answer(grid(OFFSETS + 0.4))
    for row in result.isoflops:
        params, loss = (np.array(values) for values in row.observed)
        bend, slope, _ = np.polyfit(np.log(params), loss, 2)
        vertex = np.exp(-slope / (2 * bend))
        assert row.parabola_params == pytest.approx(vertex, rel=1e-6)
        assert row.curvature == pytest.approx(2 * bend, rel=1e-6)
        assert row.parabola_bias == pytest.approx(vertex / row.params.estimate - 1, abs=2e-3)
        assert row.centre_offset == pytest.approx(0.4 / np.log(10), abs=2e-3)


def test_curves_are_drawn_over_the_runs_of_their_budget():
    result, _ = answer()
    row = result.isoflops[2]
    x, y = np.array(row.curve.x), np.array(row.curve.y)
    assert (x[0], x[-1]) == pytest.approx((min(row.observed[0]), max(row.observed[0])))
    assert y == pytest.approx(loss_at(HOFFMANN, x, row.compute / 6 / x), rel=1e-4)
    assert len(x) == 40


def test_exponents_are_shown_for_each_profile_with_the_bias_of_a_parabola():
    result, _ = answer(grid(OFFSETS, drift=0.2))
    found = {profile.profile: profile for profile in result.profiles}
    exponent = HOFFMANN[4] / (HOFFMANN[3] + HOFFMANN[4])
    assert found["exact"].params_exponent == pytest.approx(exponent, abs=1e-3)
    assert found["exact"].params_exponent + found["exact"].tokens_exponent == pytest.approx(1.0)
    assert (found["exact"].bias, found["exact"].budgets) == (0.0, 6)
    off = [np.log1p(row.parabola_bias) for row in result.isoflops]
    assert found["parabola"].bias == pytest.approx(np.polyfit(np.log(BUDGETS), off, 1)[0], rel=1e-3)
    assert found["parabola"].params_exponent == pytest.approx(exponent + found["parabola"].bias, abs=3e-3)


def test_a_drift_of_the_grid_is_its_slope_with_a_t_test():
    frame = grid(OFFSETS, drift=0.2)
    noisy = frame.with_columns(pl.col("loss") * np.exp(0.002 * np.random.default_rng(0).standard_normal(len(frame))))
    result, _ = answer(noisy)
    decades = np.log10([row.compute for row in result.isoflops])
    line = linregress(decades, [row.centre_offset for row in result.isoflops])
    assert result.drift.slope == pytest.approx(line.slope, rel=1e-6)
    assert result.drift.p_value == pytest.approx(line.pvalue, rel=1e-3)
    exact, _ = answer(frame)
    assert exact.drift.slope == pytest.approx(0.2 / np.log(10) / 0.6, rel=1e-2)
    two = frame.filter(pl.col("compute") < BUDGETS[2] * 0.99)
    assert answer(two)[0].drift is None


def test_few_budgets_and_thin_sides_are_said():
    assert {"few-budgets", "thin-side"} & set(answer()[1]) == set()
    three = isoflop_frame(HOFFMANN, offsets=OFFSETS, budgets=BUDGETS[:3])
    assert "few-budgets" in answer(three)[1]
    assert "few-budgets" not in answer(isoflop_frame(HOFFMANN, offsets=OFFSETS, budgets=BUDGETS[:4]))[1]
    thin = answer(grid([-0.4, 0.3, 0.7, 1.1, 1.5]))[1]["thin-side"]
    assert "fewer params" in thin
    assert "more params" in answer(grid([-1.5, -1.1, -0.7, -0.3, 0.4]))[1]["thin-side"]


def test_the_bias_of_parabolas_is_said_where_they_are_used():
    shifted = grid(OFFSETS, law=ASYMMETRIC)
    assert "parabola-bias" not in answer(shifted)[1]
    assert "parabola-bias" in answer(shifted, profile="parabola")[1]
    assert "parabola-bias" not in answer(grid(OFFSETS, law=SYMMETRIC), profile="parabola")[1]


def test_without_the_exact_profile_others_have_exponents_but_no_curve_is_drawn(monkeypatch):
    def failing(*_, **__):
        raise FitError("The curves have no common shape.", hint="")

    monkeypatch.setattr(curves, "_exact", failing)
    result, _ = answer(profile="parabola")
    assert {profile.profile for profile in result.profiles} == {"parabola", "akima"}
    assert [row.curve for row in result.isoflops] == [None] * 6
    assert [row.refused for row in result.isoflops] == [None] * 6
    with pytest.raises(FitError, match="no common shape"):
        answer(profile="exact")


def test_exponents_that_differ_between_profiles_are_named():
    steep = answer(grid(OFFSETS, drift=0.5, law=ASYMMETRIC))
    found = {profile.profile: profile.params_exponent for profile in steep[0].profiles}
    assert max(found, key=found.get) == "akima"
    assert found["akima"] - found["parabola"] > 0.05
    said = f"from {found['parabola']:.3f} (parabola) to {found['akima']:.3f} (akima)"
    assert said in steep[1]["profiles-differ"]
    level = answer(grid(OFFSETS, drift=0.2, law=ASYMMETRIC))
    found = [profile.params_exponent for profile in level[0].profiles]
    assert 0.01 < max(found) - min(found) < 0.05
    assert "profiles-differ" not in level[1]


def test_profiles_that_noise_alone_makes_differ_are_not_named():
    noisy = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.8, 1.8, 9), budgets=BUDGETS[:5], noise=0.004, seed=3)
    found = {}
    for interval in ("none", "wild"):
        report = optimal_allocation(noisy, approach="isoflop", interval=interval, replicates=100)
        exponents = [profile.params_exponent for profile in report.results[0].profiles]
        assert max(exponents) - min(exponents) > 0.05
        found[interval] = "profiles-differ" in {each.code for each in report.caveats}
    assert found == {"none": True, "wild": False}  # without replicates, the noise is not known


def test_a_budget_without_a_minimum_is_refused_with_the_runs_to_add():
    good = grid(OFFSETS)
    bad = isoflop_frame(HOFFMANN, offsets=np.linspace(0.5, 2.0, 6), budgets=np.array([1e22]))
    result, codes = answer(pl.concat([good, bad]))
    assert [row.refused is not None for row in result.isoflops] == [False] * 6 + [True]
    assert result.isoflops[-1].centre_offset is None
    assert (result.isoflops[-1].left, result.isoflops[-1].right, result.isoflops[-1].curve) == (0, 0, None)
    assert "1 of 7" in codes["budgets-refused"]
    assert "1e22" in codes["budgets-refused"]


def test_a_budget_without_a_minimum_in_many_replicates_is_noted_unless_it_is_refused():
    lost = np.zeros((41, 3))
    lost[1:3, 0] = np.nan  # two of forty: a twentieth
    lost[1:4, 1] = np.nan
    lost[1:30, 2] = np.nan
    budgets = [Budget(float(np.log(compute)), np.arange(1)) for compute in (1e18, 1e19, 1e20)]
    curves = SimpleNamespace(minima=SimpleNamespace(log_params=lost), budgets=budgets, refused=("", "", "bends"))
    (found,) = _lost(curves, {"data": "web"})
    assert (found.code, found.group) == ("replicates-lost", {"data": "web"})
    assert "1e19 FLOPs" in found.message
    assert "7.5 %" in found.message or "8 %" in found.message
    curves.refused = ("", "", "")
    assert len(_lost(curves, None)) == 2
    curves.minima.log_params = lost[:1]
    assert _lost(curves, None) == []


def test_a_side_with_less_than_two_sizes_is_thin_unless_the_budget_is_refused():
    def thin(*sides):
        rows = [SimpleNamespace(left=left, right=right, refused=why, compute=10.0**place)
                for place, (left, right, why) in enumerate(sides, 18)]  # fmt: skip
        return [(each.code, each.message, each.group) for each in _thin_sides(rows, {"data": "web"})]

    assert thin((2, 2, None), (5, 3, None), (0, 0, "bends")) == []
    ((code, message, group),) = thin((1, 2, None), (2, 2, None), (0, 9, None))
    assert (code, group) == ("thin-side", {"data": "web"})
    assert "1e18, 1e20" in message
    assert len(thin((1, 1, None))) == 2


def test_a_drift_is_the_slope_of_a_regression_with_its_p_value():
    decades, offsets = np.array([18.0, 19, 20, 21, 22]), np.array([0.9, 1.1, np.nan, 1.2, 1.4])
    known = np.isfinite(offsets)
    expected = linregress(decades[known], offsets[known])
    found = _drift(decades, offsets)
    assert (found.slope, found.p_value) == pytest.approx((expected.slope, expected.pvalue))
    assert _drift(decades[:2], offsets[:2]) is None
    assert _drift(decades[:3], np.array([1.0, 2.0, 3.0])).p_value is None  # on a line there is no error
