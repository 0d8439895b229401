"""Charts in the terminal.

plotext draws the canvas. This module hands it log10 data on linear axes with ticks of its own, since a log
scale with manual ticks collapses the axis, and writes title and legend around it, where they hide no point.
plotext takes a third of a second to import, so only the functions that draw import it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scaling_cli.numbers.format import amount, escape
from scaling_cli.record import Record
from scaling_cli.report.charts.chart import Axis, Chart, Line, Numbers, Series, heights
from scaling_cli.report.charts.ticks import log_ticks, tick_labels
from scaling_cli.report.pages.look import Look
from scaling_cli.results.fit import Curve

DEFAULT_WIDTH = 80  # columns, for output without a width
COLUMNS_A_TICK, ROWS_A_TICK = 12, 3
MOST_HIDDEN = 0.5  # of the characters of the curves
MARGIN = 0.02  # of each axis, so that no point sits on the frame
POINT_MARKERS = ("●", "○", "▲", "△", "■", "□", "◆", "◇")
ASCII_MARKERS = ("o", "x", "+", "@", "#", "%", "&", "$")
COLORS = ("cyan", "orange", "green", "magenta", "blue", "red", "cyan+", "orange+")
LINE, BAND = "braille", "·"
ASCII_LINE, ASCII_BAND = "*", "."
LINE_KEY, BAND_KEY = "⠤⠤", "··"
ASCII_FRAME = str.maketrans("─│┌┐└┘├┤┬┴┼", "-|+++++++++")
"""Box drawing that plotext always uses, for terminals without it."""


class _Frame(Record):
    """Limits of both axes in log10, and the size of the canvas in characters."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: int
    height: int


def terminal_plot(chart: Chart, *, look: Look, height: int = 20) -> str:
    """The chart as text that ends in a newline.

    Points that fall on the same character are drawn once, so a million of them cost no more than a screenful.
    """
    series = [*chart.series, chart.edge] if chart.edge else chart.series
    lines, title = chart.lines, chart.title
    markers = POINT_MARKERS if look.unicode else ASCII_MARKERS
    width = look.width or DEFAULT_WIDTH
    frame = _frame(series, lines, width, height - 2 - bool(title))
    figure = _empty_figure(frame)
    for i, line in enumerate(lines):
        _draw_band(figure, line.curve, frame, look, COLORS[i % len(COLORS)])
    layers: list[Callable[[], None]] = [
        lambda: _draw_curves(figure, lines, frame, look),
        lambda: _draw_points(figure, series, frame, markers),
    ]
    for layer in reversed(layers) if _hide(series, lines, frame) else layers:
        layer()
    _set_ticks(figure, frame, chart.x, chart.y)
    canvas = figure.build().string(colorless=not look.color)
    if not look.unicode:
        canvas = canvas.translate(ASCII_FRAME)
    head = [escape(title)[:width]] if title else []
    key = _key(chart, series, look)
    rows = [*head, key, *canvas.rstrip("\n").split("\n"), escape(chart.x.label).center(width)]
    return "".join(row.rstrip() + "\n" for row in rows)


def _frame(series: Sequence[Series], lines: Sequence[Line], width: int, height: int) -> _Frame:
    """Limits that hold every point and curve."""
    across = np.concatenate([np.asarray(x, dtype=float) for x in (*(part.x for part in series),
                                                                  *(line.curve.x for line in lines))])  # fmt: skip
    return _Frame(
        x=_limits(float(np.log10(across.min())), float(np.log10(across.max()))),
        y=_limits(*heights(series, lines)),
        width=width,
        height=height,
    )


def _limits(low: float, high: float) -> tuple[float, float]:
    margin = MARGIN * (high - low) or 0.05
    return low - margin, high + margin


def _empty_figure(frame: _Frame) -> Any:
    import plotext

    plotext.terminal.limit(False, False)  # or a plot is cut to the 80 columns that are assumed of a pipe
    figure = plotext.figure
    figure.clear()
    figure.plot_size(frame.width, frame.height)
    figure.theme("colorless")
    figure.canvas("default")
    figure.axes(False, axis="x", side="upper")
    figure.axes(False, axis="y", side="right")
    figure.ruler("x", "lower").lim(*frame.x)
    figure.ruler("y", "left").lim(*frame.y)
    return figure


def _draw_points(figure: Any, series: Sequence[Series], frame: _Frame, markers: Sequence[str]) -> None:
    for i, points in enumerate(series):
        x, y = _one_per_cell(np.log10(np.asarray(points.x)), np.log10(np.asarray(points.y)), frame)
        figure.draw(figure.signal(x, y, marker=_marker(markers[i % len(markers)], COLORS[i % len(COLORS)])))


def _one_per_cell(x: NDArray[np.float64], y: NDArray[np.float64], frame: _Frame) -> tuple[list[float], list[float]]:
    """The first of the points that share a character."""
    _, first = np.unique(_cells(x, y, frame), return_index=True)
    first.sort()
    return x[first].tolist(), y[first].tolist()


def _cells(x: NDArray[np.float64], y: NDArray[np.float64], frame: _Frame) -> NDArray[np.float64]:
    """A number for the character that each point falls on."""
    across = np.floor((x - frame.x[0]) / (frame.x[1] - frame.x[0]) * frame.width)
    up = np.floor((y - frame.y[0]) / (frame.y[1] - frame.y[0]) * frame.height)
    return across * (frame.height + 1) + up


def _hide(series: Sequence[Series], lines: Sequence[Line], frame: _Frame) -> bool:
    """Whether points on top would hide most of the curves; else the curves go below, and hide no point."""
    points = [_cells(np.log10(np.asarray(part.x)), np.log10(np.asarray(part.y)), frame) for part in series]
    drawn = [_columns(line.curve.x, line.curve.y, frame) for line in lines]
    curves = [_cells(np.asarray(x), np.asarray(y), frame) for x, y in drawn]
    if not points or not curves:
        return False
    covered = np.isin(np.concatenate(curves), np.concatenate(points))
    return bool(covered.mean() > MOST_HIDDEN)


def _draw_curves(figure: Any, lines: Sequence[Line], frame: _Frame, look: Look) -> None:
    for i, line in enumerate(lines):
        x, y = _columns(line.curve.x, line.curve.y, frame)
        marker = _marker(LINE if look.unicode else ASCII_LINE, COLORS[i % len(COLORS)])
        figure.draw(figure.signal(x, y, marker=marker).lines(True))


def _draw_band(figure: Any, curve: Curve, frame: _Frame, look: Look, color: str) -> None:
    for end in (curve.low, curve.high):
        if end is not None:
            x, y = _columns(curve.x, end, frame)
            figure.draw(figure.signal(x, y, marker=_marker(BAND if look.unicode else ASCII_BAND, color)))


def _columns(x: Numbers, y: Numbers, frame: _Frame) -> tuple[list[float], list[float]]:
    """A curve at each column of the canvas that it reaches, in log10."""
    log_x, log_y = np.log10(np.asarray(x, dtype=float)), np.log10(np.asarray(y, dtype=float))
    order = np.argsort(log_x)
    grid = np.linspace(*frame.x, 2 * frame.width)[::2]
    grid = grid[(grid >= log_x[order[0]]) & (grid <= log_x[order[-1]])]
    at = np.interp(grid, log_x[order], log_y[order])
    inside = (at >= frame.y[0]) & (at <= frame.y[1])
    return grid[inside].tolist(), at[inside].tolist()


def _marker(symbol: str, color: str) -> Any:
    import plotext

    return plotext.marker(symbol, plotext.pixel(foreground=color))


def _set_ticks(figure: Any, frame: _Frame, x: Axis, y: Axis) -> None:
    _set_axis_ticks(figure.ruler("x", "lower"), x, frame.x, frame.width // COLUMNS_A_TICK)
    _set_axis_ticks(figure.ruler("y", "left"), y, frame.y, frame.height // ROWS_A_TICK)


def _set_axis_ticks(ruler: Any, axis: Axis, limits: tuple[float, float], most: int) -> None:
    ticks = log_ticks(10 ** limits[0], 10 ** limits[1], max(most, 2))
    labels = tick_labels(ticks, lambda value: amount(axis.role, value))
    ruler.ticks([math.log10(tick) for tick in ticks], labels=labels)


def _key(chart: Chart, series: Sequence[Series], look: Look) -> str:
    """The label of the y axis, and as much of the legend as fits, on the line above the canvas."""
    markers = POINT_MARKERS if look.unicode else ASCII_MARKERS
    line_sign, band_sign = (LINE_KEY, BAND_KEY) if look.unicode else (ASCII_LINE * 2, ASCII_BAND * 2)
    entries = [(markers[i % len(markers)], points.name, i) for i, points in enumerate(series)]
    entries += [(line_sign, line.name, i) for i, line in enumerate(chart.lines) if line.name]
    if any(line.curve.low is not None for line in chart.lines):
        entries.append((band_sign, chart.band, 0))
    key = escape(chart.y.label)
    room = (look.width or DEFAULT_WIDTH) - len(key)
    for sign, name, i in entries:
        room -= len(f"   {sign} {escape(name)}")
        if room < 0:
            break
        key += f"   {_colored(sign, COLORS[i % len(COLORS)], look)} {escape(name)}"
    return key


def _colored(sign: str, color: str, look: Look) -> str:
    import plotext

    return str(plotext.colorize(sign, plotext.pixel(foreground=color)).string()) if look.color else sign
