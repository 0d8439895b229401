"""Sizes and styles of figures: columns of a paper, slides, and style files of matplotlib."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scaling_cli.errors import UsageError
from scaling_cli.record import Record
from scaling_cli.report.charts.chart import Chart

INCH = 25.4  # millimetres
SIZES = {"single": 89.0, "double": 183.0}  # widths in millimetres of one and of two columns of most journals
SLIDE = (254.0, 142.9)  # millimetres: 16:9, as wide as 10 inches
ROWS = {1: 0.42, 2: 0.31, 3: 0.25}  # height of a row of so many panels, as a share of the width of the figure
LIST, LIST_ROW = 0.11, 0.025  # likewise of a list of names, and of each name more
NARROW_ROW = 0.66  # likewise in a narrow figure
NARROW = 120.0  # millimetres: a narrower figure has its panels one under another
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*[xX*]\s*(\d+(?:\.\d+)?)\s*(mm|cm|in)?")
UNITS = {"mm": 1.0, "cm": 10.0, "in": INCH, None: 1.0}
STYLES = ("paper", "slide")

# One file for one result: no date, no random names of elements, and text as text; fonts embedded whole, as Type 42,
# which journals ask for.
SHARED: dict[str, Any] = {
    "svg.hashsalt": "scaling", "svg.fonttype": "none", "pdf.fonttype": 42, "ps.fonttype": 42,
    "text.parse_math": False, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.alpha": 0.25, "axes.axisbelow": True, "axes.titlelocation": "left",
    "legend.frameon": True, "legend.framealpha": 0.8, "legend.edgecolor": "none",
}  # fmt: skip
PAPER: dict[str, Any] = {
    "font.size": 7, "axes.titlesize": 7, "legend.fontsize": 6, "axes.linewidth": 0.6, "grid.linewidth": 0.4,
    "lines.linewidth": 1.1, "lines.markersize": 3, "xtick.major.width": 0.6, "ytick.major.width": 0.6,
}  # fmt: skip
SLIDES: dict[str, Any] = {
    "font.size": 12, "axes.titlesize": 12, "legend.fontsize": 10, "axes.linewidth": 1.0, "grid.linewidth": 0.6,
    "lines.linewidth": 2.0, "lines.markersize": 5,
}  # fmt: skip


class FigureStyle(Record):
    """How a figure is drawn.

    Attributes:
        width: Millimetres.
        height: Millimetres; None for the height that suits the panels.
        dpi: Dots per inch of PNG files, and of what is drawn as an image in the others.
        title: Above all panels.
        style: `paper`, `slide`, or a style file of matplotlib.
    """

    width: float = SIZES["double"]
    height: float | None = None
    dpi: int = 300
    title: str = ""
    style: str = "paper"

    @property
    def is_narrow(self) -> bool:
        """Whether panels stand one under another."""
        return self.width < NARROW

    def settings(self) -> dict[Any, Any]:
        """The rcParams of matplotlib."""
        if self.style == "slide":
            return SHARED | SLIDES
        if self.style == "paper":
            return SHARED | PAPER
        from matplotlib import rc_params_from_file

        return SHARED | PAPER | dict(rc_params_from_file(self.style, use_default_template=False))


def row_height(row: Sequence[Chart], *, is_narrow: bool = False) -> float:
    """The height of a row of panels as a share of the width of the figure."""
    most = max((len(chart.y.names) for chart in row), default=0)
    wide = 2.0 if is_narrow else 1.0
    listed = wide * (LIST + LIST_ROW * most)
    if most and all(chart.y.names for chart in row):
        return listed
    usual = NARROW_ROW if is_narrow else ROWS.get(len(row), ROWS[3])
    return max(usual, listed) if most else usual


def figure_style(size: str | None, dpi: int, title: str | None, style: str) -> FigureStyle:
    """The style that the options ask for.

    Raises:
        UsageError: There is no such size, or no such style file.
    """
    if style not in STYLES and not Path(style).is_file():
        raise UsageError(
            f"--style {style!r} is not a style.",
            hint="Choose paper or slide, or give a style file of matplotlib (mplstyle).",
        )
    width, height = (SIZES["double"], None) if style != "slide" else SLIDE
    if size in SIZES:
        width, height = SIZES[size], None
    elif size == "slide":
        width, height = SLIDE
    elif size is not None:
        width, height = _size(size)
    return FigureStyle(width, height, dpi, title or "", style)


def _size(text: str) -> tuple[float, float]:
    match = SIZE.fullmatch(text.strip())
    width, height = (float(side) * UNITS[match[3]] for side in match.groups()[:2]) if match else (0.0, 0.0)
    if not (20 <= width <= 2000 and 20 <= height <= 2000):
        raise UsageError(
            f"--figure-size {text!r} is not a size.",
            hint="Choose single (89 mm wide), double (183 mm) or slide, or give width and height: 120x80mm, 7x4in.",
        )
    return width, height
