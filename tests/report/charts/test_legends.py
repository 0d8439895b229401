"""Legends hide nothing of what they explain."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from scaling_cli.report.charts.chart import Axis, Chart, Series
from scaling_cli.report.charts.figure import drawn
from scaling_cli.report.charts.legends import _move
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


@pytest.mark.parametrize(("x", "side"), [(0.2, "left"), (0.8, "right")])
@pytest.mark.parametrize(("y", "height"), [(0.2, "lower"), (0.8, "upper")])
def test_a_wide_legend_stays_in_its_corner_and_the_panel_grows_there(x, side, y, height):
    axes = Figure().subplots()
    axes.plot([0, 1], [0, 1], label="a long name of a group of runs")
    axes.legend()
    panel = axes.get_window_extent()
    corner = panel.x0 + (x - 0.1) * panel.width, panel.y0 + (y - 0.05) * panel.height
    _move(axes, Bbox.from_bounds(*corner, 0.2 * panel.width, 0.1 * panel.height))
    places = {1: "upper right", 2: "upper left", 3: "lower left", 4: "lower right"}
    assert places[axes.get_legend()._loc_real] == f"{height} {side}"
