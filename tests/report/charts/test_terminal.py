"""Charts in the terminal, read back from their text."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.report.charts.terminal import terminal_plot
from scaling_cli.report.pages.look import Look
from scaling_cli.results.fit import Curve

PLAIN = Look(width=60, color=False, unicode=False)
RICH = Look(width=60, color=False, unicode=True)
X = (1e18, 1e19, 1e20, 1e21)
Y = (4.0, 3.0, 2.5, 2.0)


def chart(*, series=None, lines=(), edge=None, title="", x=None, y=None):
    series = [Series("runs", X, Y)] if series is None else series
    x, y = x or Axis("compute (FLOPs)", "compute"), y or Axis("loss", "loss")
    return Chart(tuple(series), tuple(lines), x, y, title, edge=edge)


def rows(chart, look=PLAIN, **more):
    return terminal_plot(chart, look=look, **more).splitlines()


def places(text, sign):
    """Where a sign stands: (row, column)."""
    return [(i, j) for i, row in enumerate(text) for j, letter in enumerate(row) if letter == sign]


def test_points_fall_from_left_to_right_as_their_numbers_do():
    text = rows(chart())
    found = places(text[1:-1], "o")
    assert len(found) == 4
    by_column = sorted(found, key=lambda place: place[1])
    assert [row for row, _ in by_column] == sorted(row for row, _ in found)
    steps = [after[1] - before[1] for before, after in pairwise(by_column)]
    assert max(steps) - min(steps) <= 1  # equal factors are equal steps


def test_the_first_and_last_points_stand_near_the_corners():
    text = rows(chart(), height=20)
    found = sorted(places(text[1:-1], "o"), key=lambda place: place[1])
    top, bottom = min(row for row, _ in found), max(row for row, _ in found)
    assert (top, found[0][0]) == (0, 0) or top <= 1
    assert bottom >= 13
    assert found[-1][1] >= 55


@pytest.mark.parametrize("height", [12, 20, 30])
@pytest.mark.parametrize("title", ["", "A title"])
def test_a_plot_has_the_height_and_width_that_were_asked(height, title):
    text = rows(chart(title=title), height=height)
    assert len(text) == height
    assert max(map(len, text)) <= 60
    assert (text[0] == "A title") is bool(title)
    assert text[-1].strip() == "compute (FLOPs)"
    assert all(row == row.rstrip() for row in text)


def test_a_long_title_is_cut_to_the_width():
    assert rows(chart(title="x" * 99))[0] == "x" * 60


def test_the_key_names_the_axis_points_curves_and_band():
    curve = Curve(X, Y, tuple(0.9 * y for y in Y), tuple(1.1 * y for y in Y))
    plain, rich = (rows(chart(lines=[Line("law", curve)]), look)[0] for look in (PLAIN, RICH))
    assert plain.startswith("loss   o runs   ** law   .. ")
    assert rich.startswith("loss   ● runs   ⠤⠤ law   ·· ")
    bare = rows(chart(lines=[Line("law", Curve(X, Y)), Line("", Curve(X, Y))]))[0]
    assert bare == "loss   o runs   ** law"


def test_entries_that_do_not_fit_are_left_out_of_the_key():
    """The key has 60 columns: four for the axis, and each entry takes its name and five more."""
    fits = [Series("a" * 20, X, Y), Series("b" * 25, X, Y), Series("c", X, Y)]
    key = rows(chart(series=fits))[0]
    assert key == f"loss   o {'a' * 20}   x {'b' * 25}"
    wider = [Series("a" * 20, X, Y), Series("b" * 27, X, Y), Series("c", X, Y)]
    assert rows(chart(series=wider))[0] == f"loss   o {'a' * 20}"


def test_markers_differ_and_begin_again():
    many = [Series(f"s{i}", (10.0 ** (18 + i),), (2.0 + i,)) for i in range(9)]
    text = "\n".join(rows(chart(series=many))[1:-1])
    for marker in "x+@#%&$":
        assert marker in text
    assert len(places(rows(chart(series=many))[1:-1], "o")) == 2


def test_the_edge_is_drawn_as_points():
    text = rows(chart(edge=Series("largest run", (1e20,), (3.5,))))
    assert "x largest run" in text[0]
    assert len(places(text[1:-1], "x")) == 1


def test_plain_text_has_no_letters_beyond_ascii_and_no_colour():
    curve = Curve(X, Y, tuple(0.9 * y for y in Y), tuple(1.1 * y for y in Y))
    whole = terminal_plot(chart(lines=[Line("law", curve)], title="t"), look=PLAIN)
    assert whole.isascii()
    assert "\x1b" not in whole
    assert "*" in whole
    assert len(places(whole.splitlines()[2:-1], ".")) > 40  # the band
    colored = terminal_plot(chart(), look=Look(width=60, color=True, unicode=True))
    assert "\x1b[" in colored
    assert "●" in re.sub(r"\x1b\[[0-9;]*m", "", colored)


def test_points_lie_on_top_of_curves_unless_they_hide_most_of_them():
    few = chart(lines=[Line("law", Curve(X, Y))])
    assert len(places(rows(few)[1:-1], "o")) == 4
    xs = [10 ** (18 + 3 * i / 200) for i in range(201)]
    ys = [4.0 * (x / 1e18) ** -0.1 for x in xs]
    many = chart(series=[Series("runs", tuple(xs), tuple(ys))], lines=[Line("law", Curve(tuple(xs), tuple(ys)))])
    text = rows(many)[1:-1]
    assert len(places(text, "*")) > len(places(text, "o"))


def test_many_points_on_one_character_are_one():
    crowd = Series("runs", (*(1e18 * (1 + 1e-9 * i) for i in range(1000)), 1e21), (*[3.0] * 1000, 2.0))
    assert len(places(rows(chart(series=[crowd]))[1:-1], "o")) == 2


def test_one_point_has_a_frame_of_its_own():
    text = rows(chart(series=[Series("run", (1e20,), (2.5,))]))
    ((row, column),) = places(text[1:-1], "o")
    assert 6 <= row <= 12
    assert 25 <= column <= 40


def test_ticks_are_round_and_inside():
    text = "\n".join(rows(chart()))
    for tick in ("1e18", "1e19", "1e20", "1e21"):
        assert tick in text
    left = [row.split("|")[0].strip() for row in rows(chart())[1:-3] if "|" in row]
    labels = [float(label.rstrip("+")) for label in left if label.rstrip("+")]
    assert labels == sorted(labels, reverse=True)
    assert all(2.0 <= label <= 4.0 for label in labels)


def test_a_curve_is_drawn_only_where_it_is_known():
    half = Line("law", Curve((1e18, 1e19), (4.0, 3.0)))
    text = rows(chart(lines=[half]))
    columns = [column for _, column in places(text[1:-3], "*")]
    points = sorted(column for _, column in places(text[1:-1], "o"))
    assert max(columns) <= points[1] + 1
    assert min(columns) >= points[0] - 1
