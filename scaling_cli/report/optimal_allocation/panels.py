"""The figure of `scaling optimal-allocation`: IsoFLOP curves, best params and tokens, and the cost of being wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, SIX_ND
from scaling_cli.numbers.format import flops, group_name, percent
from scaling_cli.report.charts.chart import Axis, Chart, Line, Panels, Rule, Series
from scaling_cli.results.allocation import Allocation, AllocationResult
from scaling_cli.results.fit import Curve, Estimate

COMPUTE = Axis("compute (FLOPs)", "compute")
MOST_BUDGETS, WASTE_POINTS = 5, 61  # curves of waste, and points on each


def allocation_panels(result: AllocationResult, loss: str) -> Panels:
    """The IsoFLOP curves where there are some, then the best sizes and the waste around them."""
    curves, rest = list(_isoflops(result, loss)), [*_best(result), *_waste(result)]
    return [row for row in (curves, rest) if row]


def _titled(title: str, result: AllocationResult) -> str:
    name = group_name(result.group)
    return f"{name}: {title}" if name else title


def _isoflops(result: AllocationResult, loss: str) -> Iterator[Chart]:
    """The curves of all budgets in colours ordered by compute, their minima on top."""
    usable = [isoflop for isoflop in result.isoflops if isoflop.refused is None]
    if not usable:
        return
    minima = [(one.params.estimate, one.loss.estimate) for one in usable]
    series = [Series("", *isoflop.observed, shade=[isoflop.compute] * len(isoflop.observed[0])) for isoflop in usable]
    known = [(x, y) for x, y in minima if x is not None and y is not None]
    series.append(Series("minimum", [x for x, _ in known], [y for _, y in known], stands_out=True))
    yield Chart(
        series=series,
        lines=[Line("", isoflop.curve, shade=isoflop.compute) for isoflop in usable if isoflop.curve is not None],
        x=Axis("params", "params"),
        y=Axis(loss, "loss"),
        title=_titled(f"IsoFLOP curves, {result.profile} profile", result),
        shade=COMPUTE,
    )


def _best(result: AllocationResult) -> Iterator[Chart]:
    """Best params and tokens along compute, with the budgets that were asked."""
    by = next(iter(result.frontiers), None)
    if by is None:
        return
    rows = [row for row in result.allocations if row.approach == by and row.compute]
    params = result.frontiers[by]
    lines = [Line("params", params)]
    if result.flops_rule in (SIX_ND, "6 * params * tokens"):
        lines.append(Line("tokens", _tokens(params)))
    drawn = len(lines)
    lines += [Line(f"params, {name}", curve, is_dashed=True) for name, curve in result.frontiers.items() if name != by]
    edge = [Rule("largest run", result.ranges["compute"][1])] if "compute" in result.ranges else []
    yield Chart(
        series=[_asked("", rows, "params"), _asked("", rows, "tokens")][:drawn] if rows else [],
        lines=lines,
        x=COMPUTE,
        y=Axis("best params and tokens", "tokens"),
        title=_titled(f"Best split ({by})", result),
        band=f"{percent(result.interval.level, 4)} interval",
        rules=edge,
    )


def _tokens(params: Curve) -> Curve:
    """What is left of each budget for tokens; the largest params leave the fewest."""

    def left(sizes: tuple[float, ...] | None) -> tuple[float, ...] | None:
        return (
            None
            if sizes is None
            else tuple(x / FLOPS_A_PARAM_AND_TOKEN / size for x, size in zip(params.x, sizes, strict=True))
        )

    return Curve(params.x, left(params.y) or (), left(params.high), left(params.low))


def _asked(name: str, rows: list[Allocation], what: str) -> Series:
    values: list[Estimate] = [getattr(row, what) for row in rows]
    return Series(
        name,
        [row.compute or 1.0 for row in rows],
        [value.estimate or 1.0 for value in values],
        low=[value.low or value.estimate or 1.0 for value in values],
        high=[value.high or value.estimate or 1.0 for value in values],
        labels=tuple(f"{flops(row.compute)} FLOPs" for row in rows) if what == "tokens" else (),
        stands_out=True,
    )


def _waste(result: AllocationResult) -> Iterator[Chart]:
    """How much more compute the same loss costs with other params than the best."""
    rows = [row for row in result.allocations if row.params_within_waste and row.params.estimate and row.compute]
    rows = [row for row in rows if row.approach == rows[0].approach]
    lines = [Line(f"{flops(row.compute)} FLOPs", _wasted(row), is_dashed=i > 0) for i, row in enumerate(rows)]
    if lines:
        yield Chart(
            series=[],
            lines=lines[:MOST_BUDGETS],
            x=Axis("params as a factor of the best", "factor"),
            y=Axis("compute wasted (%)", is_log=False),
            title=_titled("Cost of other sizes", result),
        )


def _wasted(row: Allocation) -> Curve:
    """Through the known ranges; between them the root of the waste is a line in log params, as near any optimum."""
    best = row.params.estimate or 1.0
    roots = {0.0: 0.0}
    for share, (low, high) in (row.params_within_waste or {}).items():
        roots |= {math.log(low / best): -math.sqrt(float(share)), math.log(high / best): math.sqrt(float(share))}
    known = sorted(roots)
    grid = np.linspace(known[0], known[-1], WASTE_POINTS)
    waste = 100 * np.interp(grid, known, [roots[place] for place in known]) ** 2
    return Curve(tuple(np.exp(grid).tolist()), tuple(waste.tolist()))
