"""Legends hide nothing of what they explain."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from scaling_cli.report.charts.chart import Axis, Chart, Series
from scaling_cli.report.charts.figure import drawn
from scaling_cli.report.charts.style import FigureStyle


def crowded(*, groups):
    """Points all over the panel, in as many groups."""
    rng = np.random.default_rng(5)
    clouds = [(10 ** rng.uniform(0, 2, 60), 10 ** rng.uniform(0, 2, 60)) for _ in range(groups)]
    series = [Series(f"group {i} of many points", x, y) for i, (x, y) in enumerate(clouds)]
    return Chart(series, [], Axis("x"), Axis("y"))


@pytest.mark.parametrize("groups", [2, 6])
@pytest.mark.parametrize("size", [(89.0, None, "paper"), (183.0, None, "paper"), (254.0, 142.9, "slide")])
def test_a_legend_in_a_crowded_panel_hides_no_point(groups, size):
    width, height, name = size
    style = FigureStyle(width, height, style=name)
    with matplotlib.rc_context(style.settings()):
        drawing = drawn([[crowded(groups=groups), crowded(groups=groups)]], style)
        drawing.draw_without_rendering()
    for axes in drawing.axes:
        if (legend := axes.get_legend()) is None:
            continue
        box = legend.get_window_extent()
        places = np.concatenate([axes.transData.transform(line.get_xydata()) for line in axes.lines])
        x, y = places.T
        assert not ((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).any()
        assert drawing.bbox.x0 <= box.x0
        assert box.x1 <= drawing.bbox.x1 + 1
