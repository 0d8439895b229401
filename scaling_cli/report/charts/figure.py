"""Panels of charts as one file: PNG, SVG and PDF by matplotlib.

matplotlib takes half a second to import, so only the functions that draw import it. Names come from files: nothing in
them is read as mathematics.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from scaling_cli.numbers.format import escape
from scaling_cli.report.charts.axes import draw_axes
from scaling_cli.report.charts.chart import Chart, Panels
from scaling_cli.report.charts.legends import make_room
from scaling_cli.report.charts.style import INCH, FigureStyle, row_height

BETWEEN = 0.012  # of the width of a figure, on each side of a panel: labels of neighbours must not look like one


def figure(charts: Sequence[Chart | Sequence[Chart]], kind: str, style: FigureStyle | None = None) -> bytes:
    """Rows of charts as a file of the kind `png`, `svg` or `pdf`; a chart by itself is a row."""
    import matplotlib

    style = style or FigureStyle()
    with matplotlib.rc_context(style.settings()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may be in any script
        drawing = drawn(rows_of(charts), style)
        file = io.BytesIO()
        stamp = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        drawing.savefig(file, format=kind, dpi=style.dpi, metadata=stamp)
    return file.getvalue()


def rows_of(charts: Sequence[Chart | Sequence[Chart]]) -> Panels:
    """Each chart in a row."""
    return [[row] if isinstance(row, Chart) else list(row) for row in charts]


def drawn(rows: Panels, style: FigureStyle) -> Any:
    """A matplotlib figure of the panels; `style` has been set."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    placed = [[chart] for row in rows for chart in row] if style.is_narrow else list(rows)
    shares = [row_height(row, is_narrow=style.is_narrow) for row in placed]
    height = style.height or style.width * sum(shares)
    room = ConstrainedLayoutEngine(w_pad=BETWEEN * style.width / INCH)
    drawing = Figure(figsize=(style.width / INCH, height / INCH), layout=room)
    FigureCanvasAgg(drawing)
    if style.title:
        drawing.suptitle(escape(style.title), x=0.01, ha="left")
    parts = np.ravel(drawing.subfigures(len(placed), 1, squeeze=False, height_ratios=shares))
    known: set[str] = set()
    letters = iter("abcdefghijklmnopqrstuvwxyz" if sum(map(len, placed)) > 1 else "")
    for part, row in zip(parts, placed, strict=True):
        for axes, chart in zip(np.ravel(part.subplots(1, len(row), squeeze=False)), row, strict=True):
            draw_axes(axes, chart, next(letters, ""), known)
    make_room(drawing)
    return drawing
