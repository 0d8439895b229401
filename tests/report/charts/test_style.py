"""Sizes of figures, in millimetres."""

from __future__ import annotations

import pytest

from scaling_cli.errors import UsageError
from scaling_cli.report.charts.chart import Axis, Chart
from scaling_cli.report.charts.style import FigureStyle, figure_style, row_height

X = Axis("x")


def chart(*names):
    return Chart(series=[], lines=[], x=X, y=Axis("", names=names) if names else Axis("y"))


@pytest.mark.parametrize(
    ("size", "style", "expected"),
    [
        (None, "paper", (183, None)),
        (None, "slide", (254, 142.9)),
        ("single", "paper", (89, None)),
        ("single", "slide", (89, None)),
        ("slide", "paper", (254, 142.9)),
        ("120x80", "paper", (120, 80)),
        (" 120 * 80 mm ", "paper", (120, 80)),
        ("12x8cm", "slide", (120, 80)),
        ("4X2.5in", "paper", (101.6, 63.5)),
        ("20x2000", "paper", (20, 2000)),
        ("2000x20", "paper", (2000, 20)),
    ],
)
def test_a_size_is_a_name_or_two_lengths(size, style, expected):
    made = figure_style(size, 200, None, style)
    assert ((made.width, made.height), made.dpi, made.title, made.style) == (expected, 200, "", style)


@pytest.mark.parametrize("size", ["19.9x80", "80x19.9", "2000.1x80", "80x2000.1", "80", "80x60m"])
def test_other_sizes_are_refused(size):
    with pytest.raises(UsageError, match="is not a size"):
        figure_style(size, 300, None, "paper")


def test_figures_narrower_than_120_millimetres_have_their_panels_one_under_another():
    assert FigureStyle(width=119.9).is_narrow
    assert not FigureStyle(width=120.0).is_narrow


def test_a_figure_is_as_wide_as_two_columns_unless_told():
    assert FigureStyle() == figure_style(None, 300, "", "paper")


def test_text_of_slides_is_larger():
    assert FigureStyle(style="slide").settings()["font.size"] > FigureStyle(style="paper").settings()["font.size"]


@pytest.mark.parametrize("style", ["paper", "slide"])
def test_a_figure_is_one_file_for_one_result_and_its_text_is_text(style):
    told = FigureStyle(style=style).settings()
    assert (told["svg.fonttype"], told["pdf.fonttype"], told["ps.fonttype"]) == ("none", 42, 42)
    assert (told["svg.hashsalt"], told["text.parse_math"]) == ("scaling", False)
    frame = {name: told[f"axes.spines.{name}"] for name in ("top", "right")}
    assert frame == {"top": False, "right": False}


def test_rows_of_more_panels_are_lower_and_none_is_lower_than_three():
    heights = [row_height([chart()] * panels) for panels in (1, 2, 3, 4)]
    assert heights == [0.42, 0.31, 0.25, 0.25]
    assert {row_height([chart()] * panels, is_narrow=True) for panels in (1, 2)} == {0.66}


def test_lists_of_names_are_as_high_as_the_longest():
    assert row_height([chart("a", "b"), chart("a", "b", "c", "d")]) == pytest.approx(0.11 + 4 * 0.025)
    assert row_height([chart("a", "b")], is_narrow=True) == pytest.approx(2 * (0.11 + 2 * 0.025))


def test_a_list_beside_a_panel_is_as_high_as_the_panel():
    assert row_height([chart("a"), chart()]) == 0.31
    assert row_height([chart(*"abcdefghijklmnopqrst"), chart()]) == pytest.approx(0.11 + 20 * 0.025)
