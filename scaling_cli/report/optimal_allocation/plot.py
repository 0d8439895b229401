"""The plots of `scaling optimal-allocation`: IsoFLOP curves with their minima, and best params over compute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaling_cli.numbers.format import flops, group_name, percent
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.results.allocation import AllocationResult, IsoFlop

MOST_CURVES = 7  # budgets drawn: each needs a marker of its own, and one is for the minima
MINIMUM = "minimum"


def allocation_charts(results: Sequence[AllocationResult], loss: str = "loss") -> list[Chart]:
    """Both charts of each result, if it has something to draw."""
    return [chart for result in results for chart in (*_curves(result, loss), *_frontiers(result))]


def _curves(result: AllocationResult, loss: str) -> Iterator[Chart]:
    usable = [isoflop for isoflop in result.isoflops if isoflop.refused is None]
    if not usable:
        return
    drawn = _spread(usable)
    estimates = [(isoflop.params.estimate, isoflop.loss.estimate) for isoflop in drawn]
    minima = [(x, y) for x, y in estimates if x is not None and y is not None]
    series = [Series(flops(isoflop.compute), *isoflop.observed) for isoflop in drawn]
    series.append(Series(MINIMUM, [x for x, _ in minima], [y for _, y in minima]))
    title = f"IsoFLOP curves, {result.profile} profile"
    if len(drawn) < len(result.isoflops):
        title += f", {len(drawn)} of {len(result.isoflops)} budgets"
    yield Chart(
        series=series,
        lines=[Line("", isoflop.curve) for isoflop in drawn if isoflop.curve is not None],
        x=Axis("params", "params"),
        y=Axis(loss),
        title=_titled(title, result),
    )


def _spread(rows: Sequence[IsoFlop]) -> list[IsoFlop]:
    """As many budgets as there are markers, spread evenly over all of them."""
    count = min(len(rows), MOST_CURVES)
    return [rows[round(i * (len(rows) - 1) / max(count - 1, 1))] for i in range(count)]


def _frontiers(result: AllocationResult) -> Iterator[Chart]:
    if not result.frontiers:
        return
    minima = [
        (isoflop.compute, isoflop.params.estimate)
        for isoflop in result.isoflops
        if isoflop.refused is None and isoflop.params.estimate is not None
    ]
    series = [Series("IsoFLOP minima", [x for x, _ in minima], [y for _, y in minima])] if minima else []
    yield Chart(
        series=series,
        lines=[Line(name, curve) for name, curve in result.frontiers.items()],
        x=Axis("compute (FLOPs)", "compute"),
        y=Axis("best params", "params"),
        title=_titled("Best params for a budget", result),
        band=f"{percent(result.interval.level, 4)} interval",
    )


def _titled(title: str, result: AllocationResult) -> str:
    name = group_name(result.group)
    return f"{name}: {title}" if name else title
