"""Charts as files, by the suffix of the file's name."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from scaling_cli.errors import UsageError
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.charts.figure import figure
from scaling_cli.report.charts.style import FigureStyle

SUFFIXES = (".png", ".svg", ".pdf", ".html")


def check_figure(path: Path) -> None:
    """Check before long work that a figure can be drawn.

    Raises:
        UsageError: The suffix is not one of `SUFFIXES`, or matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path} does not end in a figure format.", hint=f"Use a name that ends in one of {', '.join(SUFFIXES)}."
        )
    require_matplotlib()


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def require_matplotlib() -> None:
    """Refuse to draw without matplotlib.

    Raises:
        UsageError: matplotlib is not installed.
    """
    if not can_draw():
        raise UsageError(
            "Figures need matplotlib.",
            hint="Install it with: pip install 'scaling-cli[figures]', or in a clone: pip install '.[figures]'",
        )


def figure_file(
    charts: Sequence[Chart | Sequence[Chart]], suffix: str, title: str, style: FigureStyle | None = None
) -> bytes:
    """The content of a file with one of `SUFFIXES`; `title` is the title of an HTML page."""
    if suffix == ".html":
        from scaling_cli.report.pages.html import figure_page

        return figure_page(charts, title).encode()
    return figure(charts, suffix.removeprefix("."), style)
