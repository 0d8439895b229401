"""Splits along power laws of compute, envelopes of curves and caveats on budgets, against sums and hulls by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from scaling_cli.analysis.allocation.along_lines import line_allocation, line_curve, line_doubts
from scaling_cli.analysis.allocation.answer import _interval, small_budgets
from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.envelope import (
    READINGS,
    Frontier,
    _by_whole_curves,
    _doubts,
    _facts,
    _hull,
    _read,
    envelope,
    envelope_answer,
)
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.lines import LossLine, PowerLine
from scaling_cli.analysis.allocation.plan import AllocationPlan
from scaling_cli.fitting.drawing import Resampling, run_weights
from scaling_cli.fitting.fit import Settings
from scaling_cli.record import replace
from scaling_cli.results.allocation import Allocation, Envelope
from scaling_cli.results.fit import Estimate

GROUP = {"lab": "ours"}
EXPONENTS = np.array([0.5, 0.48, 0.52, 0.49, 0.53])
PARAMS = PowerLine(EXPONENTS, np.log(0.1) + 20.0 * (0.5 - EXPONENTS))
TOKENS = PowerLine(1 - EXPONENTS, -np.log(6) - PARAMS.intercept)
LOSSES = LossLine(np.full(5, 1.7), np.linspace(0.5, 0.7, 5), np.full(5, 0.1), np.log(1e20))


def plan(*budgets, level=0.5):
    return AllocationPlan(
        budgets=budgets, target_losses=(), approach="envelope", profile="exact", costs=Costs(), unique_tokens=None,
        held={}, hardware=None, level=level,
    )  # fmt: skip


def test_a_split_is_read_off_the_lines_of_each_replicate():
    waste = {"0.05": (0.8, 1.3)}
    found = line_allocation("envelope", plan(1e21), 1e21, PARAMS, TOKENS, LOSSES, waste, 7.0)
    params = 0.1 * np.exp(20.0 * (0.5 - EXPONENTS)) * 1e21**EXPONENTS
    tokens = 1e21 / 6 / params
    loss = 1.7 + np.linspace(0.5, 0.7, 5) * 10**-0.1
    for name, values in (("params", params), ("tokens", tokens), ("tokens_per_param", tokens / params), ("loss", loss)):
        one = getattr(found, name)
        assert one.estimate == pytest.approx(values[0])
        ends = np.quantile(values[1:], [0.25, 0.75], method="weibull")
        assert (one.low, one.high) == pytest.approx((min(ends[0], values[0]), max(ends[1], values[0])))
    assert found.params_within_waste == {"0.05": pytest.approx((0.8 * params[0], 1.3 * params[0]))}
    assert (found.compute, found.training_compute, found.reach, found.bill) == (1e21, 1e21, 7.0, None)
    assert found.log_correlation == pytest.approx(-1.0)
    bare = line_allocation("envelope", plan(1e21), 1e21, PARAMS, TOKENS, None, None, 7.0)
    assert (bare.loss, bare.params_within_waste) == (Estimate(None), None)


def row(compute=1e21, params=1e9, tokens=None, reach=1.0):
    tokens = compute / 6 / params if tokens is None else tokens
    return Allocation(
        "envelope", compute, Estimate(params), Estimate(tokens), Estimate(None), Estimate(None), reach=reach
    )


def doubted(*rows, rates=(6.0, 6.0)):
    found = line_doubts(rows, rates, GROUP)
    assert all(each.group == GROUP for each in found)
    return [(each.code, each.message) for each in found]


@pytest.mark.parametrize(("times", "is_off"), [(1.0, False), (1.05, False), (1.06, True), (0.96, False), (0.94, True)])
def test_a_split_that_does_not_spend_its_budget_is_noted(times, is_off):
    found = doubted(row(tokens=times * 1e21 / 6e9))
    assert [code for code, _ in found] == ["split-off-budget"] * is_off
    if is_off:
        assert f"{times:.3g} of 1e21 FLOPs" in found[0][1]
        assert "is 6 times params" in found[0][1]


def test_the_split_that_is_furthest_off_is_named_with_the_rates():
    rows = [row(tokens=share * 1e21 / 6e9) for share in (1.1, 0.7, 1.3)]
    ((_, message),) = doubted(*rows, rates=(4.2, 8.0))
    assert "0.7 of" in message
    assert "4.2 to 8 times" in message


def test_budgets_far_beyond_the_runs_are_noted_and_splits_that_are_not_known_are_not():
    found = doubted(row(reach=10.5), row(reach=10.6), row(compute=3e22, reach=300.0))
    assert [code for code, _ in found] == ["far-reach"] * 2
    assert "3e22 FLOPs is 300 times" in found[1][1]
    nothing = replace(row(), params=Estimate(None), reach=None)
    assert doubted(nothing, replace(row(), tokens=Estimate(None))) == []


def test_the_curve_reaches_over_all_budgets():
    found = line_curve(PARAMS, [1e22, 1e19, 1e20], 0.5)
    assert (len(found.x), found.x[0], found.x[-1]) == (40, pytest.approx(1e19), pytest.approx(1e22))
    assert found.y == pytest.approx(0.1 * np.sqrt(found.x))
    at = PARAMS.at(found.x[7])
    low, high = np.quantile(at[1:], [0.25, 0.75], method="weibull")
    assert (found.low[7], found.high[7]) == pytest.approx((min(low, at[0]), max(high, at[0])))


@pytest.mark.parametrize(("budget", "is_small"), [(1e18, False), (0.96e17, False), (0.94e17, True)])
def test_the_smallest_budget_far_below_the_runs_is_noted(budget, is_small):
    rows = [row(1e20), row(budget), row(1e19)]
    found = small_budgets(rows, 1e18, GROUP)
    assert [each.code for each in found] == ["small-budget"] * is_small
    if is_small:
        assert "11 times less" in found[0].message
        assert found[0].group == GROUP


def test_budgets_of_nothing_are_never_small():
    assert small_budgets([], 1e18, None) == []
    assert small_budgets([replace(row(), compute=None)], 1e18, None) == []
    assert small_budgets([row(1e10)], np.inf, None) == []
    # Of a budget that inference takes a part of, training counts.
    served = replace(row(1e18), training_compute=1e16)
    assert [each.code for each in small_budgets([served], 1e18, None)] == ["small-budget"]


@pytest.mark.parametrize(("interval", "replicates", "unit"), [("none", 0, None), ("wild", 70, "run")])
def test_the_interval_of_approaches_without_a_fit_is_that_of_the_settings(interval, replicates, unit):
    found = _interval(Settings(interval=interval, replicates=70, level=0.8))
    assert (found.method, found.level, found.replicates) == (interval, 0.8, replicates)


def curves(count=5, rows=40, noise=0.0, seed=0):
    """Training curves of models of `count` sizes, each of 0.5 to 300 tokens per param."""
    rng = np.random.default_rng(seed)
    sizes = np.geomspace(1e7, 1e9, count)
    log_params = np.repeat(np.log(sizes), rows)
    log_tokens = log_params + np.tile(np.linspace(np.log(0.5), np.log(300), rows), count)
    loss = 1.7 + 400 * np.exp(-0.33 * log_params) + 410 * np.exp(-0.3 * log_tokens)
    loss = loss * np.exp(noise * rng.standard_normal(len(loss)))
    return AllocationPoints(
        log_params, log_tokens, np.log(6) + log_params + log_tokens, loss, np.repeat(np.arange(count), rows)
    )


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_the_hull_is_the_falling_part_of_the_lower_convex_hull(noise):
    points = curves(noise=noise)
    plane = np.stack([points.log_compute, np.log(points.loss)], axis=1)
    corners = ConvexHull(plane).vertices
    corners = corners[np.argsort(plane[corners, 0])]
    first, last = plane[corners[0]], plane[np.argmin(plane[:, 1])]
    chord = first[1] + (plane[corners, 0] - first[0]) / (last[0] - first[0]) * (last[1] - first[1])
    wanted = corners[(plane[corners, 1] <= chord + 1e-12) & (plane[corners, 0] <= last[0])]
    assert _hull(points).tolist() == wanted.tolist()
    used = np.array([True, False, True, True, False])
    part = _hull(points, used)
    assert set(points.runs[part]) <= {0, 2, 3}
    kept = np.flatnonzero(used[points.runs])
    assert part.tolist() == kept[_hull(points.subset(kept))].tolist()


def test_a_hull_is_read_at_even_compute_without_the_smallest_and_the_largest_model():
    points = curves(7)
    hull = _hull(points)
    compute, params, loss = _read(points, hull)
    inner = hull[(points.runs[hull] > 0) & (points.runs[hull] < 6)]
    assert len(set(points.runs[inner])) >= 3
    x = points.log_compute[inner]
    assert compute == pytest.approx(np.linspace(x[0], x[-1], READINGS))
    assert loss == pytest.approx(np.interp(compute, x, points.loss[inner]))
    nearest = np.abs(compute[:, None] - x).argmin(axis=1)
    assert np.mean(np.isclose(params, points.log_params[inner][nearest])) > 0.98  # but for ties
    few = curves(4)
    assert _read(few, _hull(few))[0][0] == few.log_compute[_hull(few)][0]


def test_facts_count_points_at_edges_and_before_the_end_of_runs():
    points = curves(4)
    hull = np.array([0, 39, 41, 79, 119, 158, 159])  # runs 0, 0, 1, 1, 2, 3, 3
    found = _facts(points, hull, 4)
    # Before 85 % of the tokens of its run: the first point, the second of run 1, and the last but one of run 3.
    assert found == Envelope(4, 7, pytest.approx(4 / 7), pytest.approx(3 / 7))


def test_replicates_of_whole_curves_use_the_curves_that_are_drawn():
    points, resampling = curves(8, noise=0.003), Resampling(5, 1, 2)
    line, losses = _by_whole_curves(points, resampling)
    drawn = run_weights(resampling, range(5), np.arange(8))
    for i, used in enumerate([np.ones(8), *drawn]):
        compute, params, loss = _read(points, _hull(points, used > 0))
        slope, start = np.polyfit(compute, params, 1)
        assert (line.exponent[i], line.intercept[i]) == pytest.approx((slope, start))
        middle = compute.mean()
        assert losses.at(np.exp(middle))[i] == pytest.approx(np.interp(middle, compute, loss), rel=0.01)
    assert len(_by_whole_curves(points, None)[0].exponent) == 1
    pairs = replace(points, clusters=points.runs // 2)
    by_pair = run_weights(resampling, range(5), np.arange(4))
    line, _ = _by_whole_curves(pairs, resampling)
    for i, used in enumerate(by_pair, start=1):
        compute, params, _ = _read(pairs, _hull(pairs, np.repeat(used > 0, 2)))
        assert line.exponent[i] == pytest.approx(np.polyfit(compute, params, 1)[0])


def test_tokens_take_what_params_leave_of_the_budget():
    found = envelope(curves(7), None)
    for compute in (1e19, 1e21):
        assert 6 * found.params.at(compute) * found.tokens.at(compute) == pytest.approx(compute)
    assert found.rates == pytest.approx((6.0, 6.0))
    assert found.facts.curves == 7
    answer = envelope_answer(found, plan(1e20, 1e22), 1e21, GROUP)
    assert [each.reach for each in answer.allocations] == pytest.approx([0.1, 10.0])
    assert answer.exponents["params"].estimate + answer.exponents["tokens"].estimate == pytest.approx(1.0)
    assert answer.frontier.x[0] == pytest.approx(min(found.hull[0].min(), 1e20))
    assert answer.frontier.x[-1] == pytest.approx(max(found.hull[0].max(), 1e22))


@pytest.mark.parametrize(
    ("at_edge", "unfinished", "drop", "codes"),
    [
        (0.3, 0.3, None, []),
        (0.31, 0.3, None, ["grid-edge"]),
        (0.3, 0.31, None, ["unfinished-schedules"]),
        (0.0, 0.0, 0.02, ["schedule-ends"]),
    ],
)
def test_envelopes_at_edges_or_before_the_end_of_runs_are_noted(at_edge, unfinished, drop, codes):
    hull = (np.ones(2), np.ones(2))
    made = Frontier(PARAMS, TOKENS, None, Envelope(5, 9, at_edge, unfinished), hull, (6.0, 6.0), drop)
    found = _doubts(made, GROUP)
    assert [each.code for each in found] == ["no-waste-band", *codes]
    assert all(each.group == GROUP for each in found)
