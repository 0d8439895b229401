"""The figure of `scaling inference-coverage`: measured coverage with its errors, and the laws that forecast it."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.numbers.format import asked, group_name, percent
from scaling_cli.report.charts.chart import Axis, Chart, Line, Panels, Rule, Series
from scaling_cli.results.coverage import CoverageResult
from scaling_cli.results.fit import Curve

MOST_GROUPS = 8
MARKS = 14  # on each curve


def coverage_panels(results: Sequence[CoverageResult]) -> Panels:
    """One panel with all groups."""
    shown = [result for result in results if result.curve is not None and result.curve.x][:MOST_GROUPS]
    if not shown:
        return []
    targets = {row.amount: row for result in shown for row in result.budgets if row.question == "target"}
    cut = f"{len(shown)} of {len(results)} groups" if len(shown) < len(results) else "Coverage and forecast"
    return [[Chart(
        series=[*map(_measured, shown), *(one for i, result in enumerate(shown) for one in _reached(result, i))],
        lines=[line for i, result in enumerate(shown) for line in _lines(result, i)],
        x=Axis("attempts k", "attempts"),
        y=Axis(f"share of problems {'accepted' if any(each.are_verdicts for each in shown) else 'solved'}", "share"),
        title=cut,
        band=f"{percent(shown[0].level, 4)} of the forecast",
        rules=[Rule(f"target {asked(amount)}", amount, is_level=True) for amount in targets],
    )]]  # fmt: skip


def _measured(result: CoverageResult) -> Series:
    assert result.curve is not None
    curve = result.curve
    step = max(1, len(curve.x) // MARKS)
    # Counted from the end, so that the last mark is the edge of the data.
    kept = sorted({0, *range(len(curve.x) - 1, -1, -step)})
    x, y = [curve.x[i] for i in kept], [curve.y[i] for i in kept]
    low = None if curve.low is None else [curve.low[i] for i in kept]
    high = None if curve.high is None else [curve.high[i] for i in kept]
    return Series(group_name(result.group) or "measured", x, y, low, high)


def _lines(result: CoverageResult, i: int) -> list[Line]:
    """The laws along all attempts, dashed; their band only beyond the attempts made."""
    curve = result.forecast_curve
    if curve is None or result.curve is None:
        return []
    last = max(result.curve.x)
    name = "laws, and forecast beyond the marks" if i == 0 else ""
    ends = (None if end is None else _from(last, curve, end) for end in (curve.low, curve.high))
    return [Line(name, Curve(curve.x, curve.y, *ends), is_dashed=True, color=i)]


def _from(start: float, curve: Curve, end: tuple[float, ...]) -> tuple[float, ...]:
    """An end of the band that leaves the curve only from `start` on."""
    return tuple(y if x < start else far for x, y, far in zip(curve.x, curve.y, end, strict=True))


def beyond(curve: Curve, start: float) -> Curve:
    """The part of a curve from `start` on."""
    kept = [place for place, x in enumerate(curve.x) if x >= start]
    columns = (curve.x, curve.y, curve.low, curve.high)
    x, y, low, high = (None if values is None else tuple(values[i] for i in kept) for values in columns)
    return Curve(x or (), y or (), low, high)


def _reached(result: CoverageResult, i: int) -> list[Series]:
    """The attempts that reach a target."""
    rows = [row for row in result.budgets if row.question == "target" and row.k]
    if not rows:
        return []
    name = "" if i else "attempts for the target"
    return [Series(name, [row.k or 1 for row in rows], [row.amount for row in rows], stands_out=True, color=i)]
