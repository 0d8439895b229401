"""The terminal's plots of allocations: which budgets are drawn, and what stands in each chart."""

from __future__ import annotations

import pytest

from scaling_cli.record import replace
from scaling_cli.report.optimal_allocation.plot import MOST_CURVES, _spread, allocation_charts
from scaling_cli.results.fit import Curve, Estimate
from tests.report.optimal_allocation.test_rows import FRONTIER, ISOFLOP, REFUSED, result


def isoflops(count):
    return tuple(replace(ISOFLOP, compute=10.0 ** (18 + i / 4), params=Estimate(1e8 * (i + 1))) for i in range(count))


def test_each_curve_has_its_runs_and_all_have_their_minima():
    curves, frontiers = allocation_charts(
        [result(isoflops=isoflops(3), profile="exact", frontiers={"isoflop": FRONTIER}, group={"data": "web"})], "val"
    )
    *runs, minimum = curves.series
    assert [series.name for series in runs] == ["1e18", "1.78e18", "3.16e18"]
    assert [(list(series.x), list(series.y)) for series in runs] == [([5e8, 1e9, 2e9], [2.6, 2.5, 2.6])] * 3
    assert (minimum.name, minimum.x, minimum.y) == ("minimum", [1e8, 2e8, 3e8], [2.5] * 3)
    assert [line.name for line in curves.lines] == [""] * 3
    assert (curves.x.role, curves.y.label, curves.title) == ("params", "val", "web: IsoFLOP curves, exact profile")
    (points,) = frontiers.series
    assert (points.name, points.y) == ("IsoFLOP minima", [1e8, 2e8, 3e8])
    assert points.x == pytest.approx([1e18, 10**18.25, 10**18.5])
    assert [(line.name, line.curve) for line in frontiers.lines] == [("isoflop", FRONTIER)]
    assert (frontiers.x.role, frontiers.band) == ("compute", "95 % interval")
    assert frontiers.title == "web: Best params for a budget"


def test_budgets_that_are_refused_or_have_no_minimum_are_left_out():
    nothing = replace(ISOFLOP, params=Estimate(None), curve=None)
    curves, frontiers = allocation_charts(
        [result(isoflops=(REFUSED, ISOFLOP, nothing), profile="akima", frontiers={"isoflop": FRONTIER})]
    )
    assert [series.name for series in curves.series] == ["1e20", "1e20", "minimum"]
    assert curves.series[-1].x == [1e9]
    assert len(curves.lines) == 1
    assert curves.title == "IsoFLOP curves, akima profile, 2 of 3 budgets"
    assert frontiers.series[0].x == [1e20]
    assert allocation_charts([result(isoflops=(REFUSED,))]) == []
    (alone,) = allocation_charts([result(frontiers={"parametric": Curve((1.0, 2.0), (3.0, 4.0))})])
    assert (alone.series, alone.title) == ([], "Best params for a budget")


@pytest.mark.parametrize(
    ("count", "drawn"),
    [(1, [0]), (2, [0, 1]), (7, list(range(7))), (8, [0, 1, 2, 4, 5, 6, 7]), (13, [0, 2, 4, 6, 8, 10, 12])],
)
def test_at_most_seven_budgets_are_drawn_evenly_with_both_ends(count, drawn):
    rows = isoflops(count)
    assert _spread(rows) == [rows[i] for i in drawn]
    (curves,) = allocation_charts([result(isoflops=rows, profile="exact")])
    assert len(curves.series) == min(count, MOST_CURVES) + 1
    assert curves.title.endswith(f"{MOST_CURVES} of {count} budgets") == (count > MOST_CURVES)
