"""Everything that matplotlib is told to draw: sizes, colours and layers of each mark, in one golden list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import to_hex

from scaling_cli.report.charts.chart import Axis, Chart, Line, Rule, Series
from scaling_cli.report.charts.figure import drawn
from scaling_cli.report.charts.style import FigureStyle
from scaling_cli.results.fit import Curve

X, Y = np.array([1e18, 1e19, 1e20]), np.array([4.0, 3.0, 2.0])
COMPUTE, LOSS = Axis("compute (FLOPs)", "compute"), Axis("loss", "loss")


def numbers(values: Any) -> str:
    return " ".join(f"{value:.4g}" for value in np.ravel(np.asarray(values, dtype=float)))


def described(axes: Any) -> Iterator[str]:
    yield f"x {axes.get_xscale()} {numbers(axes.get_xlim())}, y {axes.get_yscale()} {numbers(axes.get_ylim())}"
    title = axes._left_title
    yield f"labels {axes.get_xlabel()!r} {axes.get_ylabel()!r} {title.get_text()!r} {title.get_fontweight()}"
    for line in axes.lines:
        yield (
            f"line {numbers(line.get_xdata())} | {numbers(line.get_ydata())} | {to_hex(line.get_color())} "
            f"{line.get_linestyle()} {line.get_linewidth():g} mark {line.get_marker()} {line.get_markersize():.4g} "
            f"{line.get_markeredgewidth():g} alpha {line.get_alpha()} layer {line.get_zorder():g} {line.get_label()!r}"
        )
    for part in axes.collections:
        if isinstance(part, QuadMesh):  # the colours of a bar
            continue
        kind = "points" if isinstance(part, PathCollection) else "pieces" if hasattr(part, "get_segments") else "area"
        colors = sorted({to_hex(color, keep_alpha=True) for color in [*part.get_facecolor(), *part.get_edgecolor()]})
        paths = part.get_segments() if hasattr(part, "get_segments") else [each.vertices for each in part.get_paths()]
        yield (
            f"{kind} {colors} {numbers(part.get_linewidth())} layer {part.get_zorder():g} "
            f"sizes {numbers(part.get_sizes()) if hasattr(part, 'get_sizes') else ''} at {numbers(part.get_offsets())} "
            f"| {' / '.join(numbers(path) for path in paths if len(path) < 9)} {part.get_label()!r}"
        )
    for text in axes.texts:
        halo = [effect._gc for effect in text.get_path_effects()]
        place = f"{numbers(text.xy)} {numbers(text.get_position())} {text.get_ha()} {text.get_va()}"
        yield f"text {text.get_text()!r} {place} {halo}"
    legend = axes.get_legend()
    if legend is not None:
        yield f"legend {[each.get_text() for each in legend.get_texts()]} {legend.handlelength} {legend.borderaxespad}"


def curve(scale: float, band: float | None = None) -> Curve:
    ends = () if band is None else (tuple(scale * Y * (1 - band)), tuple(scale * Y * (1 + band)))
    return Curve(tuple(X), tuple(scale * Y), *ends)


PLAIN = Chart(
    [Series("runs", X, Y, Y - 0.5, Y + 1), Series("here", X[:2], Y[:2] / 2, labels=("p", "q"), stands_out=True)],
    [Line("law", curve(1.0, 0.1), fan=(curve(1.0, 0.05),)), Line("other", curve(1.2), is_dashed=True, color=4),
     Line("plain", curve(0.9, 0.2), is_plain=True)],
    COMPUTE, LOSS, title="losses", band="95 % interval", edge=Series("end of the data", X[1:2], Y[1:2]),
    rules=(Rule("today", 3e19), Rule("floor", 1.7, is_level=True)),
)  # fmt: skip
SHADED = Chart(
    [Series("runs", X, Y, shade=np.array([1.0, 10.0, 100.0])), Series("best", X, Y / 1.1, stands_out=True)],
    [Line("small", curve(1.0), shade=1.0), Line("large", curve(0.8), shade=100.0)],
    COMPUTE, LOSS, shade=Axis("params", "params"),
)  # fmt: skip
NAMED = Chart(
    [Series("ratio", Y, np.array([0.0, 1.0, 2.0]), Y - 1, Y + 2)], [], Axis("ratio", is_log=False),
    Axis("", names=("first", "second", "third"), is_log=False),
)  # fmt: skip
RISING = Chart(
    [Series("here", X[:1], Y[:1], labels=("r",), stands_out=True)],
    [Line("up", Curve(tuple(X), tuple(Y[::-1])))], COMPUTE, LOSS,
)  # fmt: skip


@pytest.mark.parametrize("name", ["paper", "slide"])
def test_every_mark_has_its_size_colour_and_layer(name, matches_golden):
    style = FigureStyle(183.0, 120.0, style=name, title="all of them")
    with mpl.rc_context(style.settings()):
        drawing = drawn([[PLAIN, SHADED], [NAMED, RISING]], style)
        drawing.draw_without_rendering()
        lines = [f"figure {numbers(drawing.get_size_inches())} {drawing._suptitle.get_text()!r}"]
        for axes in drawing.axes:
            lines += ["", *described(axes)]
    matches_golden(f"chart-artists-{name}", "\n".join(lines) + "\n")
