"""The figure of an answer on axes of matplotlib, or as a figure of its own."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

from scaling_cli.errors import UsageError
from scaling_cli.options.output import Drawn
from scaling_cli.report.charts.chart import Panels
from scaling_cli.report.charts.style import FigureStyle, figure_style
from scaling_cli.report.files import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot(panels: Panels, ax: Axes | None) -> Axes:
    """The first panel on `ax`.

    Raises:
        UsageError: There is nothing to draw, or `ax` is no axes.
    """
    _require(panels)
    if ax is not None and not hasattr(ax, "set_xscale"):
        raise UsageError(
            f"plot() draws on axes of matplotlib, not on an object of type {type(ax).__name__}.",
            hint="Write figure, axes = matplotlib.pyplot.subplots(), then answer.plot(axes).",
        )
    from scaling_cli.report.charts.axes import draw_axes

    if ax is None:
        import matplotlib
        from matplotlib.figure import Figure

        with matplotlib.rc_context(FigureStyle().settings()):
            ax = Figure(figsize=(5.0, 3.2), layout="constrained").subplots()
            draw_axes(ax, panels[0][0])
        _show(ax, ax.figure)
        return ax
    draw_axes(ax, panels[0][0])
    return ax


def compose(panels: Panels, size: str | None, dpi: int, title: str | None, style: str) -> Figure:
    """All panels as one figure.

    Raises:
        UsageError: There is nothing to draw, or no such size, resolution or style.
    """
    _require(panels)
    asked = Drawn(figure_size=size, dpi=dpi, title=title, style=style)
    import matplotlib

    from scaling_cli.report.charts.figure import drawn

    look = figure_style(asked.figure_size, asked.dpi, asked.title, asked.style)
    with matplotlib.rc_context(look.settings()):
        made: Figure = drawn(panels, look)
        made.set_dpi(asked.dpi)
    # The kind of fonts in a file is decided when it is written, which happens later.
    save = made.savefig

    @functools.wraps(save)
    def savefig(*given: Any, **options: Any) -> None:
        with matplotlib.rc_context(look.settings()):
            save(*given, **options)

    made.savefig = savefig  # type: ignore[method-assign]
    _show(made, made)
    return made


def _show(drawing: Any, figure: Any) -> None:
    """Let notebooks show the drawing at the end of a cell, also where pyplot has not taught them how."""
    drawing._repr_png_ = functools.partial(_png, figure)


def _png(figure: Figure) -> bytes:
    made = io.BytesIO()
    figure.savefig(made, format="png")
    return made.getvalue()


def _require(panels: Panels) -> None:
    require_matplotlib()
    if not panels:
        raise UsageError(
            "This answer has nothing to draw.", hint="Use its tables: to_polars(), to_pandas() or summary()."
        )
