"""The plot of `scaling fit`: observed loss against the input that was spent.

A law of one input is drawn against that input. A law of params and tokens is drawn against compute at its
compute-optimal split: a run below the line then does better than the law says is possible.
"""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.analysis.drawn_fit import Sketch
from scaling_cli.numbers.format import group_name, percent
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.results.fit import FitResult

MOST_GROUPS = 8  # each needs a marker of its own
LONGEST_ORIGIN = 48  # characters under a plot of 80 columns


def fit_charts(
    results: Sequence[FitResult], sketches: Sequence[Sketch | None], loss: str = "loss", compute: str = "compute"
) -> list[Chart]:
    """Points and law of each group in one chart; no chart if nothing can be drawn.

    Args:
        results: Fits; those beyond `MOST_GROUPS` are left out.
        sketches: For each result what to draw, or None if it cannot be drawn.
        loss: Label of the y axis.
        compute: The column or formula of compute.
    """
    pairs = [(result, sketch) for result, sketch in zip(results, sketches, strict=True) if sketch is not None]
    pairs.sort(key=lambda pair: pair[1].curve is None)  # so that a curve has the colour of its points
    if not pairs:
        return []
    first, role = pairs[0][0], pairs[0][1].along
    pairs = [pair for pair in pairs if pair[1].along == role][:MOST_GROUPS]
    chart = Chart(
        series=[_series(result, sketch) for result, sketch in pairs],
        lines=_lines(pairs),
        x=Axis(_compute_label(compute) if role == "compute" else role, role),
        y=Axis(loss),
        title=f"{len(pairs)} of {len(results)} groups" if len(pairs) < len(results) else "",
        band=f"{percent(first.interval.level, 4)} interval",
    )
    return [chart]


def _compute_label(origin: str) -> str:
    """`compute (FLOPs)`, with the formula that counts it; a column that is read may have another unit."""
    if not any(sign in origin for sign in "*+("):
        return "compute (FLOPs)"
    return f"compute (FLOPs, {origin if len(origin) <= LONGEST_ORIGIN else 'by --flops-rule'})"


def _series(result: FitResult, sketch: Sketch) -> Series:
    assert result.observations is not None
    name = group_name(result.group) or "runs"
    drawn = [(x, y) for x, y in zip(sketch.x, result.observations.observed, strict=True) if x > 0 and y > 0]
    return Series(name, tuple(x for x, _ in drawn), tuple(y for _, y in drawn))


def _lines(pairs: Sequence[tuple[FitResult, Sketch]]) -> list[Line]:
    """The curves; only the first is in the legend, since each runs through the points of its group."""
    result = pairs[0][0]
    law = result.law if len({other.law for other, _ in pairs}) == 1 else "law"
    name = law if len(result.inputs) == 1 else f"{law}, compute-optimal"
    drawn = [sketch.curve for _, sketch in pairs if sketch.curve is not None]
    return [Line(name if i == 0 else "", curve) for i, curve in enumerate(drawn)]
