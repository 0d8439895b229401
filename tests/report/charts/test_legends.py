"""Legends hide nothing of what they explain."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.report.charts.figure import drawn
from scaling_cli.report.charts.legends import LONGEST, _dense, _drawn, _hides, _move, _stretch, short_names
from scaling_cli.report.charts.style import FigureStyle
from scaling_cli.results.fit import Curve


def crowded(*, groups):
    """Points all over the panel, in as many groups."""
    rng = np.random.default_rng(5)
    clouds = [(10 ** rng.uniform(0, 2, 60), 10 ** rng.uniform(0, 2, 60)) for _ in range(groups)]
    series = [Series(f"group {i} of many points", x, y) for i, (x, y) in enumerate(clouds)]
    return Chart(series, [], Axis("x"), Axis("y"))


@pytest.mark.sample
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


@pytest.mark.parametrize(("is_low", "ends"), [(True, (-1 / 3, 1)), (False, (0, 4 / 3))])
def test_room_is_a_share_of_the_panel_below_or_above_what_was_there(is_low, ends):
    axes = Figure().subplots()
    axes.set_ylim(0, 1)
    _stretch(axes, 0.25, is_low=is_low)
    assert axes.get_ylim() == pytest.approx(ends)
    axes.set_yscale("log")
    axes.set_ylim(1, 1000)
    _stretch(axes, 0.25, is_low=is_low)
    assert axes.get_ylim() == pytest.approx((0.1, 1000) if is_low else (1, 10_000))


@pytest.mark.parametrize(("is_low", "ends"), [(True, (4 / 3, 0)), (False, (1, -1 / 3))])
def test_an_axis_of_names_keeps_its_first_name_on_top(is_low, ends):
    axes = Figure().subplots()
    axes.set_ylim(1, 0)
    _stretch(axes, 0.25, is_low=is_low)
    assert axes.get_ylim() == pytest.approx(ends)


def test_a_curve_is_looked_at_at_places_all_along_it():
    found = _dense(np.array([[0.0, 0.0], [1.0, 3.0], [2.0, 3.0]]))
    assert found.shape == (64, 2)
    assert found[:32, 1] == pytest.approx(3 * found[:32, 0])
    assert (found[0].tolist(), found[31].tolist(), found[-1].tolist()) == ([0, 0], [1, 3], [2, 3])
    assert found[32:, 1].tolist() == [3.0] * 32
    assert _dense(np.array([[5.0, 6.0]])).tolist() == [[5, 6]]
    assert len(_dense(np.array([[5.0, 6.0], [7.0, 8.0]]))) == 32


@pytest.mark.parametrize(
    ("place", "is_hidden"), [((2, 3), True), ((1, 3), False), ((3, 3), False), ((2, 2), False), ((2, 4), False)]
)
def test_a_box_hides_what_is_inside_it(place, is_hidden):
    assert _hides(Bbox([[1, 2], [3, 4]]), np.array([[0.0, 0.0], place])) is is_hidden


def test_points_curves_bars_and_names_count_but_rules_and_bands_do_not():
    axes = Figure().subplots()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    axes.plot([1, 2], [1, 2], "o", linestyle="none")
    axes.plot([1, 2], [3, 4])
    axes.axhline(9)
    axes.fill_between([1, 2], [5, 5], [6, 6])
    axes.vlines([7], [1], [2])
    axes.scatter([4, 5], [4, 5], c=[1.0, 2.0])
    text = axes.text(8, 8, "a name")
    back = axes.transData.inverted().transform
    found = [back(places) for places in _drawn(axes)]
    assert [len(places) for places in found] == [2, 32, 32, 2, 32]
    assert found[0] == pytest.approx(np.array([[1, 1], [2, 2]]))
    assert (found[1][0], found[1][-1]) == (pytest.approx([1, 3]), pytest.approx([2, 4]))
    assert (found[2][0], found[2][-1]) == (pytest.approx([7, 1]), pytest.approx([7, 2]))
    assert found[3] == pytest.approx(np.array([[4, 4], [5, 5]]))
    box = text.get_window_extent()
    middle = back([(box.x0, (box.y0 + box.y1) / 2), (box.x1, (box.y0 + box.y1) / 2)])
    assert (found[4][0], found[4][-1]) == (pytest.approx(middle[0]), pytest.approx(middle[1]))


@pytest.mark.parametrize(
    ("width", "height", "is_beside"), [(0.2, 0.3, True), (0.4, 0.3, False), (0.34, 0.3, False), (0.7, 0.47, True)]
)
def test_a_legend_goes_beside_the_panel_where_that_takes_less_or_half_of_the_height_is_too_little(
    width, height, is_beside
):
    axes = Figure().subplots()
    axes.plot([0, 1], [0, 1], label="a")
    axes.set_ylim(0, 1)
    axes.legend(loc="lower right")
    panel = axes.get_window_extent()
    _move(axes, Bbox.from_bounds(panel.x0, panel.y0, width * panel.width, height * panel.height))
    if is_beside:
        box = axes.transAxes.inverted().transform(axes.get_legend().get_bbox_to_anchor().p0)
        assert box == pytest.approx((1.01, 1.0))
        assert axes.get_ylim() == (0, 1)
    else:
        room = height + 0.04
        assert axes.get_ylim() == pytest.approx((-room / (1 - room), 1))


def test_of_long_names_the_words_in_which_they_differ_are_shown():
    long = [f"a-very-long-recipe-name-number-{i}-with-weight-decay-0.{i}-on-fineweb-edu" for i in (10, 11)]
    assert short_names(["runs", *long, long[0]]) == ["runs", "…10…0.10…", "…11…0.11…", "…10…0.10…"]
    (alone,) = short_names([long[0]])
    assert alone == "a-very-long-recip….10-on-fineweb-edu"
    assert len(alone) == LONGEST
    with_exponents = [f"{name}, b {value}" for name, value in zip(long, (-0.145, -0.15), strict=True)]
    assert short_names(with_exponents) == ["…10…0.10…, b -0.145", "…11…0.11…, b -0.15"]
    assert short_names(["short", "shorter"]) == ["short", "shorter"]
    paths = [f"/data/experiments/2026/sweep-of-learning-rates/run{i}/log.csv" for i in (1, 12)]
    assert short_names(paths) == ["…run1…", "…run12…"]
    unlike = ["x" * 30 + "-y-" + "z" * 30, "x" * 30 + "-" + "z" * 30]
    assert short_names(unlike) == unlike  # cut, they would be equal


def test_eight_groups_are_all_in_the_legend():
    curve = Curve((1.0, 10.0), (3.0, 2.0), (2.9, 1.9), (3.1, 2.1))
    groups = [Series(f"group {i}", (1.0, 10.0), (3.0 + i, 2.0)) for i in range(8)]
    chart = Chart(series=groups, lines=[Line("law", curve)], x=Axis("x"), y=Axis("y"), band="95 % interval")
    drawing = drawn([[chart]], FigureStyle())
    names = [text.get_text() for text in drawing.axes[0].get_legend().get_texts()]
    assert names == ["95 % interval", "law", *(f"group {i}" for i in range(8))]
