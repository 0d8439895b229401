"""Charts as files: PNG, SVG and PDF by matplotlib, and HTML with the drawing inside.

matplotlib is an extra and takes half a second to import, so only the functions that draw import it. Names come from
files: nothing in them is read as mathematics.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from scaling_cli.numbers.format import amount, escape
from scaling_cli.report.charts.chart import Axis, Chart, heights
from scaling_cli.report.charts.ticks import log_ticks, tick_labels

WIDTH, HEIGHT = 7.0, 4.3  # inches, of one chart
DOTS_AN_INCH = 200
MOST_TICKS = 7
MOST_VECTORS = 5_000  # points beyond which they are drawn as an image, or the file would not open
# The palette of Okabe and Ito (2008), which colour-blind readers tell apart too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
MARGIN = 0.04  # of the height, so that no point sits on the frame
MARKERS = "os^Dv<>p"
# One file for one result: no date, no random names of elements, and text as text.
STYLE: dict[Any, Any] = {"svg.hashsalt": "scaling", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False}


def figure(charts: Sequence[Chart], kind: str) -> bytes:
    """All charts, one under another, as a file of the kind `png`, `svg` or `pdf`."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may be in any script
        drawing = Figure(figsize=(WIDTH, HEIGHT * len(charts)), layout="constrained")
        FigureCanvasAgg(drawing)
        for axes, chart in zip(np.ravel(drawing.subplots(len(charts), 1, squeeze=False)), charts, strict=True):
            _draw(axes, chart)
        file = io.BytesIO()
        stamp = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        drawing.savefig(file, format=kind, dpi=DOTS_AN_INCH, metadata=stamp)
    return file.getvalue()


def _draw(axes: Any, chart: Chart) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for i, series in enumerate(chart.series):
        axes.plot(
            series.x, series.y, MARKERS[i % len(MARKERS)], color=COLORS[i % len(COLORS)], label=escape(series.name),
            markersize=4, alpha=0.8, linestyle="none", rasterized=len(series.x) > MOST_VECTORS,
        )  # fmt: skip
    if chart.edge is not None:
        axes.axvline(chart.edge.x[0], color="#777777", linewidth=1, linestyle="--", label=escape(chart.edge.name))
    for i, line in enumerate(chart.lines):
        curve, color = line.curve, COLORS[i % len(COLORS)]
        axes.plot(curve.x, curve.y, color=color, linewidth=1.5, label=escape(line.name) or None)
        if curve.low is not None and curve.high is not None:
            named = chart.band if i == 0 else None
            axes.fill_between(curve.x, curve.low, curve.high, color=color, alpha=0.15, linewidth=0, label=named)
    _frame(axes, chart)


def _frame(axes: Any, chart: Chart) -> None:
    """Axes with round ticks, labels and a legend."""
    drawn = [*chart.series, chart.edge] if chart.edge is not None else chart.series
    low, high = heights(drawn, chart.lines)
    margin = MARGIN * (high - low) or MARGIN
    axes.set_ylim(10 ** (low - margin), 10 ** (high + margin))
    _ticks(axes.xaxis, chart.x, axes.get_xlim())
    _ticks(axes.yaxis, chart.y, axes.get_ylim())
    axes.set_xlabel(escape(chart.x.label))
    axes.set_ylabel(escape(chart.y.label))
    axes.set_title(escape(chart.title), fontsize="medium", loc="left")
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize="small")


def _ticks(axis: Any, shown: Axis, limits: tuple[float, float]) -> None:
    from matplotlib.ticker import NullLocator

    places = log_ticks(*limits, MOST_TICKS)
    axis.set_minor_locator(NullLocator())
    axis.set_ticks(places, tick_labels(places, lambda value: amount(shown.role, value)))
