"""One chart on the axes of matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scaling_cli.numbers.format import amount, escape
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series, heights, shade_ends
from scaling_cli.report.charts.legends import short_names
from scaling_cli.report.charts.ticks import log_ticks, tick_labels

MOST_TICKS = 6
LETTER_WIDTH = 0.55  # of the font size: how wide tick labels are taken to be
MOST_VECTORS = 5_000  # points beyond which they are drawn as an image, or the file would not open
# The palette of Okabe and Ito (2008), which colour-blind readers tell apart too; yellow would vanish in print.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
GREY = "#777777"
MARGIN = 0.04  # of the height, so that no point sits on the frame
MARKERS = "os^Dv<>p"
DARKEST, LIGHTEST = 0.0, 0.9  # of viridis: its yellow end cannot be seen on white
BESIDE = 0.6  # of the distance of two names on an axis of names, between its ends and the outer names
MOST_LABELS = 6  # points whose names stand beside them
MOST_KEYS = 12  # entries of a legend: eight groups, a law, its interval, and an edge or a rule


def draw_axes(axes: Any, chart: Chart, letter: str = "", known: set[str] | None = None) -> None:
    """The chart with its frame; `letter` names the panel, and the legend leaves out what is `known` from others."""
    if chart.x.is_log:
        axes.set_xscale("log")
    if chart.y.is_log:
        axes.set_yscale("log")
    shades = _Shades(chart)
    for i, line in enumerate(chart.lines):
        _draw_line(axes, line, i, chart, shades)
    for i, series in enumerate(chart.series):
        _draw_series(axes, series, i, chart, shades)
    if chart.edge is not None:
        axes.axvline(chart.edge.x[0], color=GREY, linewidth=0.8, linestyle="--", label=escape(chart.edge.name))
    for rule in chart.rules:
        draw = axes.axhline if rule.is_level else axes.axvline
        draw(rule.value, color=GREY, linewidth=0.8, linestyle=":", label=escape(rule.name) or None)
    _frame(axes, chart, letter, known)
    if chart.shade is not None:
        shades.bar(axes, chart.shade)


class _Shades:
    """Colours by an ordered scale."""

    def __init__(self, chart: Chart) -> None:
        from matplotlib import colormaps
        from matplotlib.colors import ListedColormap, LogNorm

        low, high = shade_ends(chart)
        self.ends = (low, high if high > low else 1.01 * low)
        self.norm = LogNorm(*self.ends)
        self.map = ListedColormap(colormaps["viridis"](np.linspace(DARKEST, LIGHTEST, 256)))

    def color(self, value: float) -> Any:
        """The colour of one value."""
        return self.map(self.norm(value))

    def bar(self, axes: Any, scale: Axis) -> None:
        """A bar beside the axes that explains the colours."""
        from matplotlib.cm import ScalarMappable

        bar = axes.figure.colorbar(ScalarMappable(self.norm, self.map), ax=axes, pad=0.02, aspect=30)
        bar.set_label(escape(scale.label))
        bar.outline.set_visible(False)
        bar.minorticks_off()
        _ticks(bar.ax.yaxis, scale, self.ends, MOST_TICKS)


def _draw_line(axes: Any, line: Line, i: int, chart: Chart, shades: _Shades) -> None:
    curve = line.curve
    color = shades.color(line.shade) if line.shade is not None else _color(i if line.color is None else line.color)
    color = GREY if line.is_plain else color
    named = chart.band if not any(_has_band(before) for before in chart.lines[:i]) else None
    for band in (curve, *line.fan):
        if band.low is not None and band.high is not None:
            axes.fill_between(band.x, band.low, band.high, color=color, alpha=0.15, linewidth=0, label=named)
            named = None
    style = "--" if line.is_dashed else "-"
    axes.plot(curve.x, curve.y, color=color, label=escape(line.name) or None, linestyle=style)


def _has_band(line: Line) -> bool:
    return line.curve.low is not None


def _color(i: int) -> str:
    return COLORS[i % len(COLORS)]


def _draw_series(axes: Any, series: Series, i: int, chart: Chart, shades: _Shades) -> None:
    is_image = len(series.x) > MOST_VECTORS
    color = _color(1 if series.stands_out and chart.shade is not None else i if series.color is None else series.color)
    marker, name = MARKERS[i % len(MARKERS)], escape(series.name) or None
    if series.low is not None and series.high is not None:
        _draw_errors(axes, series, color, is_list=bool(chart.y.names))
    if series.shade is not None:
        size = _points() ** 2
        axes.scatter(
            series.x, series.y, c=series.shade, norm=shades.norm, cmap=shades.map, s=size, label=name, linewidth=0,
            rasterized=is_image, zorder=3,
        )  # fmt: skip
    elif series.stands_out:
        size = 2.2 * _points()
        rises = bool(chart.lines) and chart.lines[0].curve.y[-1] > chart.lines[0].curve.y[0]  # names keep off the curve
        axes.plot(
            series.x, series.y, "*", color=color, markeredgecolor="white", markeredgewidth=0.6, markersize=size,
            label=name, zorder=5,
        )  # fmt: skip
        for x, y, label in list(zip(series.x, series.y, series.labels, strict=False))[:MOST_LABELS]:
            axes.annotate(
                escape(label), (x, y), (-4, 4 if rises else -4), textcoords="offset points", ha="right",
                va="bottom" if rises else "top", fontsize=_legend_size(), zorder=6, path_effects=_halo(),
            )  # fmt: skip
    else:
        axes.plot(
            series.x, series.y, marker, color=color, label=name, alpha=0.8, linestyle="none", rasterized=is_image,
            markeredgewidth=0, zorder=3,
        )  # fmt: skip


def _halo() -> list[Any]:
    """White around letters, so that lines do not cross them."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2, foreground="white")]


def _points() -> float:
    import matplotlib

    return float(matplotlib.rcParams["lines.markersize"])


def _legend_size() -> Any:
    import matplotlib

    return matplotlib.rcParams["legend.fontsize"]


def _draw_errors(axes: Any, series: Series, color: str, *, is_list: bool) -> None:
    """Error bars; on an axis of names they lie, and everywhere else they stand."""
    assert series.low is not None
    assert series.high is not None
    if is_list:
        axes.hlines(series.y, series.low, series.high, color=color, linewidth=1.2, zorder=2)
    else:
        axes.vlines(series.x, series.low, series.high, color=color, linewidth=1.2, zorder=2)


def _frame(axes: Any, chart: Chart, letter: str, known: set[str] | None) -> None:
    """Axes with round ticks, labels and a legend."""
    if chart.y.is_log:
        drawn = [*chart.series, chart.edge] if chart.edge is not None else chart.series
        if drawn or chart.lines:
            low, high = _with_errors(heights(drawn, chart.lines), drawn)
            margin = MARGIN * (high - low) or MARGIN
            axes.set_ylim(10 ** (low - margin), 10 ** (high + margin))
    _axis(axes, axes.xaxis, chart.x)
    _axis(axes, axes.yaxis, chart.y)
    axes.set_xlabel(escape(chart.x.label))
    axes.set_ylabel(escape(chart.y.label))
    title = "  ".join(filter(None, (letter, escape(chart.title))))
    if title:
        axes.set_title(title, fontweight="bold" if not chart.title else None)
    handles, names = axes.get_legend_handles_labels()
    keys = {name: handle for handle, name in zip(handles, names, strict=True) if known is None or name not in known}
    if known is not None:
        known |= set(names) - {escape(chart.band)}
    if set(keys) - {escape(chart.band)}:
        shown = short_names(list(keys))[:MOST_KEYS]
        axes.legend(list(keys.values())[:MOST_KEYS], shown, handlelength=1.4, borderaxespad=0.2)


def _with_errors(ends: tuple[float, float], drawn: Sequence[Series]) -> tuple[float, float]:
    """The range of log10 y that also holds error bars, as far as they have a log."""
    low, high = ends
    for series in drawn:
        for end in (series.low, series.high):
            known = np.asarray([] if end is None else end, dtype=float)
            known = np.log10(known[known > 0])
            low, high = min([low, *known]), max([high, *known])
    return low, high


def _axis(axes: Any, axis: Any, shown: Axis) -> None:
    if shown.names:
        axis.set_ticks(range(len(shown.names)), short_names([escape(name) for name in shown.names]))
        ends = (-BESIDE, len(shown.names) - 1 + BESIDE)
        if axis is axes.xaxis:
            axes.set_xlim(*ends)
        else:
            axes.set_ylim(*reversed(ends))
    elif shown.is_log:
        limits = axis.get_view_interval()
        _ticks(axis, shown, (float(min(limits)), float(max(limits))), _room(axes, axis))
    else:
        from matplotlib.ticker import MaxNLocator

        axis.set_major_locator(MaxNLocator(min(_room(axes, axis), 5)))


def _room(axes: Any, axis: Any) -> int:
    """How many ticks fit: labels of six letters on a level axis, of one line on an upright one."""
    import matplotlib

    size = float(matplotlib.rcParams["font.size"])
    width, height = axes.figure.bbox.width, axes.figure.bbox.height
    columns = max(len(axes.figure.axes), 1) if hasattr(axes.figure, "axes") else 1
    dots = axes.figure.dpi / 72
    if axis is axes.xaxis:
        return int(max(3, min(MOST_TICKS, width / columns / dots / (7 * LETTER_WIDTH * size) - 1)))
    return int(max(3, min(MOST_TICKS, height / dots / (3 * size))))


def _ticks(axis: Any, shown: Axis, limits: tuple[float, float], most: int) -> None:
    from matplotlib.ticker import NullLocator

    places = log_ticks(*limits, most)
    axis.set_minor_locator(NullLocator())
    axis.set_ticks(places, tick_labels(places, lambda value: amount(shown.role, value)))
