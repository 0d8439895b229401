"""Specifications of live figures, by what is in them; tests of pages draw them in a browser."""

from __future__ import annotations

import numpy as np

from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.report.charts.vega import specification
from scaling_cli.results.fit import Curve


def layers(chart):
    ((panel,),) = specification([[chart]], "what is shown")
    return panel["layer"]


def runs(**changes):
    x = np.geomspace(1e17, 1e22, 12)
    return Series("runs", x, 25 * x**-0.05, **changes)


def curve(scale=1.0):
    x = np.geomspace(1e17, 1e22, 5)
    return Curve(tuple(x.tolist()), tuple((scale * 25 * x**-0.05).tolist()))


AXES = {"x": Axis("compute (FLOPs)", "compute"), "y": Axis("loss")}


def test_named_lines_are_in_one_legend_with_their_dashes_and_unnamed_ones_are_not():
    lines = [Line("law", curve()), Line("", curve(1.1)), Line("today", curve(1.2), is_dashed=True)]
    drawn = [layer["encoding"] for layer in layers(Chart([runs()], lines, **AXES)) if layer["mark"]["type"] == "line"]
    (named,) = [encoding for encoding in drawn if "strokeDash" in encoding]
    assert named["color"]["legend"]["values"] == ["law", "today"]
    assert named["strokeDash"]["scale"]["range"] == [[1, 0], [6, 4]]
    assert len(drawn) == 2


def test_labels_of_a_long_axis_are_powers_of_ten_and_those_of_a_short_one_are_as_they_fit():
    (points,) = [layer for layer in layers(Chart([runs()], [], **AXES)) if "name" in layer]
    assert "indexof([1]" in points["encoding"]["x"]["axis"]["labelExpr"]
    assert "labelExpr" not in points["encoding"]["y"]["axis"]


def test_shaded_points_have_their_colours_also_in_panels_that_do_not_explain_them():
    shaded = runs(shade=np.geomspace(2, 800, 12))
    colors = []
    for scale in (Axis("tokens per param"), None):
        (points,) = [layer for layer in layers(Chart([shaded], [], shade=scale, **AXES)) if "name" in layer]
        colors.append(points["encoding"]["color"])
    assert colors[0]["scale"] == colors[1]["scale"]
    assert colors[0]["legend"]["values"] == [3, 10, 30, 100, 300]
    assert colors[1]["legend"] is None
