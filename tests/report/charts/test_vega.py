"""Specifications of live figures, by what is in them; tests of pages draw them in a browser."""

from __future__ import annotations

import numpy as np

from scaling_cli.report.charts.chart import Axis, Chart, Line, Rule, Series
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


def test_each_panel_has_its_own_name_size_and_zoom():
    effects = Series("", np.array([1e18, 1e19, 1e20]), np.arange(3.0))
    listed = Chart([effects], [], AXES["x"], Axis("", names=("a", "b", "c"), is_log=False), title="effects")
    ((first, second),) = specification([[Chart([runs()], [], title="fit", **AXES), listed]], "Losses.")
    assert (first["width"], first["height"], second["height"]) == (400, 280, 150)
    assert first["description"] == "Losses. fit: loss against compute (FLOPs)."
    zooms = [layer["params"][0]["name"] for panel in (first, second) for layer in panel["layer"] if "params" in layer]
    assert zooms == ["zoom_p0", "zoom_p1"]
    named = second["layer"][0]["encoding"]["y"]
    assert named["scale"]["domain"] == [-0.5, 2.5]
    assert named["scale"]["reverse"] is True
    assert named["axis"]["values"] == [0, 1, 2]
    assert named["axis"]["labelExpr"] == "['a', 'b', 'c'][datum.value]"


def test_points_say_what_they_are():
    x, y = np.array([1e18, np.nan, 1e20]), np.array([3.0, 2.5, 2.0])
    (points,) = layers(Chart([Series("g", x, y, labels=("first", "second", ""))], [], **AXES))
    values = points["data"]["values"]
    assert [(row["x"], row["y"], row["run"]) for row in values] == [(1e18, 3.0, "first"), (1e20, 2.0, "g 3")]
    assert [row["at x"] for row in values] == ["1e18", "1e20"]
    assert {row["group"] for row in values} == {"g"}
    assert [each["field"] for each in points["encoding"]["tooltip"]] == ["run", "group", "at x", "at y"]
    assert points["encoding"]["size"]["value"] == 45
    marked = layers(Chart([Series("g", x, y, stands_out=True)], [], **AXES))[0]
    assert marked["encoding"]["size"]["value"] == 130
    assert marked["name"] == "p0_marked"


def test_at_most_four_thousand_points_of_a_series_are_drawn():
    for count, kept in ((4000, 4000), (4001, 2001), (12_000, 4000)):
        x = np.geomspace(1, 9, count)
        (points,) = layers(Chart([Series("", x, x)], [], **AXES))
        assert len(points["data"]["values"]) == kept


def test_errors_and_bands_are_drawn_to_their_other_end():
    low, high = np.array([1.0, 2.0]), np.array([3.0, np.inf])
    x = np.array([1e18, 1e19])
    rule, _ = layers(Chart([Series("", x, low + 0.5, low, high, color=2)], [], **AXES))
    assert rule["mark"]["type"] == "rule"
    assert rule["data"]["values"] == [{"x": 1e18, "y": 1.0, "to": 3.0}]  # without an end there is no bar
    assert rule["encoding"]["y2"] == {"field": "to"}
    listed = Axis("", names=("a", "b"), is_log=False)
    lying, _ = layers(Chart([Series("", low, np.array([0.0, 1.0]), low, low + 1)], [], AXES["x"], listed))
    assert lying["data"]["values"][1] == {"y": 1.0, "x": 2.0, "to": 3.0}
    assert lying["encoding"]["x2"] == {"field": "to"}
    ends = Curve((1e18, 1e19), (2.0, 1.5), (1.8, 1.4), (2.2, 1.6))
    narrow = Curve((1e18, 1e19), (2.0, 1.5), (1.9, 1.45), (2.1, 1.55))
    areas = [layer for layer in layers(Chart([], [Line("law", ends, fan=(narrow,))], **AXES))
             if layer["mark"]["type"] == "area"]  # fmt: skip
    assert areas[0]["data"]["values"][0] == {"x": 1e18, "y": 1.8, "to": 2.2}
    assert areas[1]["data"]["values"][1] == {"x": 1e19, "y": 1.45, "to": 1.55}


def test_groups_can_be_hidden_where_there_are_two_to_twelve():
    for count, hidden in ((1, 0), (2, 2), (12, 12), (13, 0)):
        series = [Series(f"g{i}", np.array([1e18]), np.array([2.0])) for i in range(count)]
        (points,) = layers(Chart(series, [], **AXES))
        opacity = points["encoding"]["opacity"]
        assert len(opacity.get("condition", [])) == hidden
        assert opacity["value"] == 0.85
        assert points["encoding"]["color"]["legend"]["values"] == [f"g{i}" for i in range(count)]


def test_rules_and_the_edge_of_the_data_have_their_names():
    edge = Series("end", np.array([3e19]), np.array([2.0]))
    rules = (Rule("budget", 1e21), Rule("floor", 1.7, is_level=True))
    drawn = [layer for layer in layers(Chart([runs()], [], edge=edge, rules=rules, **AXES))
             if layer["mark"]["type"] == "rule"]  # fmt: skip
    assert [layer["data"]["values"] for layer in drawn] == [[{"x": 1e21}], [{"y": 1.7}], [{"x": 3e19}]]
    assert [layer["encoding"]["tooltip"]["value"] for layer in drawn] == ["budget", "floor", "end"]


def test_legends_have_as_many_columns_as_their_names_leave_room_for():
    for name, columns in (("a", 10), ("a" * 9, 4), ("a" * 22, 2), ("a" * 60, 1)):
        (points,) = layers(Chart([runs(), Series(name, np.array([1e18]), np.array([2.0]))], [], **AXES))
        longest = max(len(name), len("runs"))
        assert points["encoding"]["color"]["legend"]["columns"] == max(1, 52 // (longest + 4))
        assert longest > 4 or points["encoding"]["color"]["legend"]["columns"] == 6
        assert columns


def test_first_digits_are_labelled_by_how_many_decades_an_axis_has():
    for decades, digits in ((1.0, None), (1.5, "[1, 3]"), (3.0, "[1]")):
        x = np.geomspace(1e18, 1e18 * 10**decades, 5)
        label = layers(Chart([Series("", x, np.ones(5))], [], **AXES))[0]["encoding"]["x"]["axis"]["labelExpr"]
        assert ("indexof" in label) == (digits is not None)
        assert digits is None or f"indexof({digits}" in label
