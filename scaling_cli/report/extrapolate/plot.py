"""The plot of `scaling extrapolate`: runs, forecast with its band, targets, and where the data end."""

from __future__ import annotations

import numpy as np

from scaling_cli.flops import scale_name
from scaling_cli.numbers.format import amount, group_name, percent
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.results.forecast import Extrapolation

EDGE_POINTS = 12


def extrapolate_charts(result: Extrapolation, loss: str = "loss") -> list[Chart]:
    """Points, curve and band in one chart; no chart if there is nothing to draw."""
    if result.observations is None or result.curve is None:
        return []
    role = scale_name(result.inputs)
    series = [Series("runs", result.scale, result.observations.observed)]
    targets = [(row.at[role], row) for row in result.predictions if role in row.at]
    if targets:
        losses = [row.loss.estimate or np.nan for _, row in targets]
        series.append(Series("forecast", [x for x, _ in targets], losses))
    held = [(x, row.observed) for x, row in targets if row.observed is not None]
    if held:
        series.append(Series("observed", [x for x, _ in held], [y for _, y in held]))
    edge = max(result.scale)
    name = "forecast, compute-optimal" if len(result.inputs) > 1 else "forecast"
    chart = Chart(
        series=series,
        lines=[Line(name, result.curve)],
        x=Axis("compute (FLOPs)" if role == "compute" else role, role),
        y=Axis(loss),
        title=group_name(result.group),
        band=f"{percent(result.interval.level, 4)} of new runs",
        edge=Series(f"edge of the data, {amount(role, edge)}", [edge] * EDGE_POINTS, _edge(result)),
    )
    return [chart]


def _edge(result: Extrapolation) -> list[float]:
    """The ends of a vertical line at the largest run."""
    assert result.observations is not None
    assert result.curve is not None
    seen = [*result.observations.observed, *result.curve.y]
    heights: list[float] = np.geomspace(min(seen), max(seen), EDGE_POINTS).tolist()
    return heights
