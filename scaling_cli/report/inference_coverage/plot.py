"""The plot of `scaling inference-coverage`: coverage against attempts, observed and forecast.

Marks are estimates and stop at the edge of the data; the line goes on as the forecast, with its band.
"""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.numbers.format import group_name, percent
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.report.inference_coverage.panels import beyond
from scaling_cli.results.coverage import CoverageResult
from scaling_cli.results.fit import Curve

MOST_GROUPS = 8  # each needs a marker of its own
MARKS = 12  # on each curve


def coverage_charts(results: Sequence[CoverageResult]) -> list[Chart]:
    """Curves of all groups in one chart; no chart if nothing was solved."""
    drawable = [result for result in results if result.curve is not None and result.curve.x]
    if not drawable:
        return []
    shown = drawable[:MOST_GROUPS]
    cut = f"{len(shown)} of {len(results)} groups; " if len(shown) < len(results) else ""
    chart = Chart(
        series=[_marks(result) for result in shown],
        lines=[Line("" if i else "forecast beyond the marks", _line(result)) for i, result in enumerate(shown)],
        x=Axis("attempts k"),
        y=Axis("coverage"),
        title=f"{cut}marks end at the attempts made" if cut else "",
        band=f"{percent(shown[0].level, 4)} interval",
    )
    return [chart]


def _marks(result: CoverageResult) -> Series:
    assert result.curve is not None
    step = max(1, len(result.curve.x) // MARKS)
    # Counted from the end, so that the last mark is the edge of the data.
    x, y = result.curve.x[::-1][::step], result.curve.y[::-1][::step]
    return Series(group_name(result.group) or "estimates", x[::-1], y[::-1])


def _line(result: CoverageResult) -> Curve:
    assert result.curve is not None
    curve, further = result.curve, result.forecast_curve
    if further is None:
        return curve
    further = beyond(further, max(curve.x))
    return Curve(
        curve.x + further.x,
        curve.y + further.y,
        None if curve.low is None or further.low is None else curve.low + further.low,
        None if curve.high is None or further.high is None else curve.high + further.high,
    )
