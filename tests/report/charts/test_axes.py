"""Charts on the axes of matplotlib, by what is drawn where."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from scaling_cli.report.charts.axes import COLORS, draw_axes
from scaling_cli.report.charts.chart import Axis, Chart, Line, Rule, Series
from scaling_cli.report.charts.ticks import log_ticks
from scaling_cli.results.fit import Curve

X, Y = np.array([1e18, 1e19, 1e20]), np.array([4.0, 3.0, 2.0])
AXES = {"x": Axis("compute (FLOPs)", "compute"), "y": Axis("loss", "loss")}


def drawn(chart, size=(6.4, 4.8), known=None, letter=""):
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw_axes(axes, chart, letter, known)
    return axes


def curve(scale=1.0, band=None):
    ends = () if band is None else (tuple(scale * Y * (1 - band)), tuple(scale * Y * (1 + band)))
    return Curve(tuple(X), tuple(scale * Y), *ends)


def test_points_are_drawn_at_their_places_in_the_colour_and_with_the_mark_of_their_place():
    axes = drawn(Chart([Series("a", X, Y), Series("b", X, Y / 2), Series("", X, Y / 3, color=5)], [], **AXES))
    lines = axes.get_lines()
    assert [line.get_color() for line in lines] == [COLORS[0], COLORS[1], COLORS[5]]
    assert [line.get_marker() for line in lines] == ["o", "s", "^"]
    assert all((line.get_xdata() == X).all() for line in lines)
    assert (lines[1].get_ydata() == Y / 2).all()
    assert {line.get_linestyle() for line in lines} == {"None"}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert not any(line.get_rasterized() for line in lines)


def test_colours_begin_again_after_the_last():
    many = [Series(str(i), X, Y) for i in range(len(COLORS) + 1)]
    axes = drawn(Chart(many, [], **AXES))
    assert axes.get_lines()[-1].get_color() == COLORS[0]
    assert len(axes.get_legend().get_texts()) == 9


def test_more_than_five_thousand_points_are_an_image():
    for count, is_image in ((5000, False), (5001, True)):
        (points,) = drawn(Chart([Series("a", np.geomspace(1, 9, count), np.ones(count))], [], **AXES)).get_lines()
        assert bool(points.get_rasterized()) is is_image


def test_curves_have_their_bands_and_dashes_and_one_name_for_all_bands():
    lines = [
        Line("law", curve(band=0.1), fan=(curve(band=0.05),)),
        Line("", curve(1.1, band=0.1), is_dashed=True, color=4),
        Line("plain", curve(1.2), is_plain=True),
    ]
    axes = drawn(Chart([], lines, band="95 % interval", **AXES))
    assert [line.get_linestyle() for line in axes.get_lines()] == ["-", "--", "-"]
    assert [line.get_color() for line in axes.get_lines()] == [COLORS[0], COLORS[4], "#777777"]
    assert len(axes.collections) == 3  # two bands of the first curve, one of the second
    ys = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (ys.min(), ys.max()) == (pytest.approx(1.8), pytest.approx(4.4))
    assert to_hex(axes.collections[2].get_facecolor()[0]) == COLORS[4].lower()
    assert sorted(text.get_text() for text in axes.get_legend().get_texts()) == ["95 % interval", "law", "plain"]


def test_a_band_alone_needs_no_legend():
    assert drawn(Chart([], [Line("", curve(band=0.1))], **AXES)).get_legend() is None


def test_a_legend_leaves_out_what_another_panel_has_but_for_the_band():
    known: set[str] = set()
    chart = Chart([Series("a", X, Y)], [Line("law", curve(band=0.1))], **AXES)
    assert drawn(chart, known=known).get_legend() is not None
    assert known == {"a", "law"}
    more = Chart([Series("a", X, Y), Series("b", X, Y)], [Line("law", curve(band=0.1))], **AXES)
    names = [text.get_text() for text in drawn(more, known=known).get_legend().get_texts()]
    assert sorted(names) == ["b", "interval"]
    assert drawn(chart, known=known).get_legend() is None


def test_errors_stand_and_on_an_axis_of_names_they_lie():
    standing = drawn(Chart([Series("a", X, Y, Y - 1, Y + 2)], [], **AXES)).collections[0].get_segments()
    assert standing[0].tolist() == [[1e18, 3.0], [1e18, 6.0]]
    places = np.array([0.0, 1.0, 2.0])
    axes = drawn(
        Chart([Series("a", Y, places, Y - 1, Y + 2)], [], AXES["x"], Axis("", names=("p", "q", "r"), is_log=False))
    )
    assert axes.collections[0].get_segments()[1].tolist() == [[2.0, 1.0], [5.0, 1.0]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["p", "q", "r"]
    assert axes.get_ylim() == (pytest.approx(2.6), pytest.approx(-0.6))  # the first name on top
    level = drawn(Chart([Series("a", places, Y)], [], Axis("", names=("p", "q", "r"), is_log=False), AXES["y"]))
    assert level.get_xlim() == (pytest.approx(-0.6), pytest.approx(2.6))


def test_the_frame_leaves_four_per_cent_of_the_height_around_points_and_errors():
    low, high = np.log10(drawn(Chart([Series("a", X, Y)], [], **AXES)).get_ylim())
    margin = 0.04 * np.log10(2.0)
    assert (low, high) == (pytest.approx(np.log10(2) - margin), pytest.approx(np.log10(4) + margin))
    errors = Series("a", X, Y, np.array([-1.0, 2.9, 1.0]), np.array([4.1, 3.1, 8.0]))
    low, high = np.log10(drawn(Chart([errors], [], **AXES)).get_ylim())
    margin = 0.04 * np.log10(8.0)
    assert (low, high) == (pytest.approx(-margin), pytest.approx(np.log10(8) + margin))
    flat = np.log10(drawn(Chart([Series("a", X, np.full(3, 10.0))], [], **AXES)).get_ylim())
    assert flat == pytest.approx([0.96, 1.04])


def test_an_edge_counts_to_the_height_and_rules_do_not():
    edge = Series("end of the data", np.array([1e19]), np.array([0.5]))
    rules = (Rule("today", 3e19), Rule("floor", 0.1, is_level=True))
    axes = drawn(Chart([Series("a", X, Y)], [], edge=edge, rules=rules, **AXES))
    margin = 0.04 * np.log10(8)
    assert axes.get_ylim()[0] == pytest.approx(10 ** (np.log10(0.5) - margin))
    _, at_edge, upright, level = axes.get_lines()
    assert (at_edge.get_xdata()[0], at_edge.get_linestyle()) == (1e19, "--")
    assert (upright.get_xdata()[0], upright.get_linestyle()) == (3e19, ":")
    assert (level.get_ydata()[0], level.get_linestyle()) == (0.1, ":")


def test_what_stands_out_is_a_star_with_up_to_six_names_beside_the_curve():
    labels = tuple("abcdefgh")
    x = np.geomspace(1e18, 1e20, 8)
    marked = Series("targets", x, np.linspace(4, 2, 8), stands_out=True, labels=labels)
    for slope, above in ((1.0, False), (-1.0, True)):
        line = Line("law", Curve(tuple(X), tuple(Y**slope)))
        axes = drawn(Chart([marked], [line], **AXES))
        assert [text.get_text() for text in axes.texts] == list("abcdef")
        assert {text.get_va() for text in axes.texts} == {"bottom" if above else "top"}
        assert {text.xyann for text in axes.texts} == {(-4, 4 if above else -4)}
        star = next(line for line in axes.get_lines() if line.get_marker() == "*")
        assert star.get_markersize() == pytest.approx(2.2 * mpl.rcParams["lines.markersize"])
        assert star.get_color() == COLORS[0]


def test_shades_are_those_of_an_ordered_scale_in_logs_with_a_bar():
    shade = np.array([2.0, 20.0, 200.0])
    line = Line("", curve(), shade=20.0)
    axes = drawn(Chart([Series("a", X, Y, shade=shade)], [line], shade=Axis("tokens per param"), **AXES))
    points = axes.collections[0]
    assert points.get_array().tolist() == shade.tolist()
    assert (points.norm.vmin, points.norm.vmax) == (2.0, 200.0)
    assert points.norm(20.0) == pytest.approx(0.5)
    assert points.get_sizes()[0] == pytest.approx(mpl.rcParams["lines.markersize"] ** 2)
    viridis = mpl.colormaps["viridis"]
    assert points.cmap(0.0) == pytest.approx(viridis(0.0))
    assert points.cmap(1.0) == pytest.approx(viridis(0.9), abs=0.01)
    assert to_hex(axes.get_lines()[0].get_color()) == to_hex(points.cmap(points.norm(20.0)))
    bar = axes.figure.axes[1]
    assert bar.get_ylabel() == "tokens per param"
    assert [label.get_text() for label in bar.get_yticklabels()] == ["3", "10", "30", "100"]
    marked = Series("target", X, Y, stands_out=True)
    both = drawn(Chart([Series("a", X, Y, shade=shade), marked], [], shade=Axis("tokens per param"), **AXES))
    assert next(line for line in both.get_lines() if line.get_marker() == "*").get_color() == COLORS[1]


@pytest.mark.parametrize(("width", "ticks"), [(6.4, 6), (3.1, 6), (2.8, 5), (2.1, 3), (1.2, 3)])
def test_an_axis_has_as_many_ticks_as_labels_fit(width, ticks):
    """Labels of six letters take 7 * 0.55 of the font size each; at most six stand on an axis, at least three."""
    x = np.geomspace(1e18, 1e24, 13)
    with mpl.rc_context({"font.size": 8.0}):
        axes = drawn(Chart([Series("a", x, x)], [], Axis("x", "compute"), Axis("y", "compute")), (width, 2.0))
    assert axes.get_xticks() == pytest.approx(log_ticks(*axes.get_xlim(), ticks))
    assert axes.get_yticks() == pytest.approx(log_ticks(*axes.get_ylim(), 6))
    shown = [label.get_text() for label in axes.get_xticklabels() if label.get_text()]
    assert all(label.startswith("1e") for label in shown)


def test_plain_axes_have_at_most_five_steps_and_letters_name_panels():
    plain = {"x": Axis("step", is_log=False), "y": Axis("accuracy", is_log=False)}
    axes = drawn(Chart([Series("a", np.arange(100.0), np.arange(100.0))], [], **plain), letter="b")
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")
    assert 3 <= len([tick for tick in axes.get_xticks() if 0 <= tick <= 99]) <= 6
    assert axes.get_title() == "b"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "accuracy")
    assert drawn(Chart([Series("a", X, Y)], [], title="fit", **AXES), letter="a").get_title() == "a  fit"
