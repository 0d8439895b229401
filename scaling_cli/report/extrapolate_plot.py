"""The plot of `scaling extrapolate`: runs, forecast with its band, targets, and where the data end."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.forecast_result import Extrapolation
from scaling_cli.report.look import Look
from scaling_cli.report.numbers import amount, percent
from scaling_cli.report.plot import Axis, Line, Series, log_log_plot

EDGE_POINTS = 12


def extrapolate_plot(result: Extrapolation, *, look: Look, height: int = 20, loss: str = "loss") -> str:
    """Points, curve and band on log axes; empty where there is nothing to draw."""
    if result.observations is None or result.curve is None:
        return ""
    surface = {"params", "tokens"} <= set(result.inputs)
    role = "compute" if surface else next(iter(result.inputs.values()))
    series = [Series("runs", result.scale, result.observations.observed)]
    asked = [(each.at.get(role), each) for each in result.predictions]
    targets = [(x, each) for x, each in asked if x is not None]
    if targets:
        series.append(
            Series("forecast", [x for x, _ in targets], [each.loss.estimate or np.nan for _, each in targets])
        )
    held = [(x, each.observed) for x, each in targets if each.observed is not None]
    if held:
        series.append(Series("observed", [x for x, _ in held], [y for _, y in held]))
    edge = max(result.scale)
    series.append(Series(f"edge of the data, {amount(role, edge)}", [edge] * EDGE_POINTS, _edge(result)))
    name = "forecast, compute-optimal" if surface else "forecast"
    return log_log_plot(
        series=series,
        lines=[Line(name, result.curve)],
        x=Axis("compute (FLOPs)" if role == "compute" else role, role),
        y=Axis(loss),
        look=look,
        height=height,
        band=f"{percent(result.interval.level, 4)} of new runs",
    )


def _edge(result: Extrapolation) -> list[float]:
    """Heights of an upright line at the largest run."""
    assert result.observations is not None
    assert result.curve is not None
    seen = [*result.observations.observed, *result.curve.y]
    heights: list[float] = np.geomspace(min(seen), max(seen), EDGE_POINTS).tolist()
    return heights
