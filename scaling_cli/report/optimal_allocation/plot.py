"""The plots of `scaling optimal-allocation`: IsoFLOP curves with their minima, and best params over compute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaling_cli.numbers.format import flops, group_name, percent
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.results.allocation import AllocationResult, IsoFlop

MOST_CURVES = 7  # budgets drawn: each needs a marker the eye tells apart, and one is for the minima
MINIMUM = "minimum"


def allocation_charts(results: Sequence[AllocationResult], loss: str = "loss") -> list[Chart]:
    """Both charts of each result, as far as there is something to draw."""
    return [chart for result in results for chart in (*_curves(result, loss), *_frontiers(result))]


def _curves(result: AllocationResult, loss: str) -> Iterator[Chart]:
    usable = [each for each in result.isoflops if each.refused is None]
    if not usable:
        return
    drawn = _spread(usable)
    found = [(each.params.estimate, each.loss.estimate) for each in drawn]
    minima = [(x, y) for x, y in found if x is not None and y is not None]
    series = [Series(flops(each.compute), *each.observed) for each in drawn]
    series.append(Series(MINIMUM, [x for x, _ in minima], [y for _, y in minima]))
    title = f"IsoFLOP curves, {result.profile} profile"
    if len(drawn) < len(result.isoflops):
        title += f", {len(drawn)} of {len(result.isoflops)} budgets"
    yield Chart(
        series=series,
        lines=[Line("", each.curve) for each in drawn if each.curve is not None],
        x=Axis("params", "params"),
        y=Axis(loss),
        title=_titled(title, result),
    )


def _spread(rows: Sequence[IsoFlop]) -> list[IsoFlop]:
    """As many budgets as can be told apart, evenly over all of them."""
    count = min(len(rows), MOST_CURVES)
    return [rows[round(i * (len(rows) - 1) / max(count - 1, 1))] for i in range(count)]


def _frontiers(result: AllocationResult) -> Iterator[Chart]:
    if not result.frontiers:
        return
    minima = [
        (each.compute, each.params.estimate)
        for each in result.isoflops
        if each.refused is None and each.params.estimate is not None
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
