"""The terminal's plot of coverage: marks up to the attempts made, and the line that goes on beyond them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scaling_cli.report.inference_coverage.plot import coverage_charts
from scaling_cli.results.fit import Curve


def curve(count, scale=1.0):
    x = tuple(float(k) for k in range(1, count + 1))
    y = tuple(scale * k / count for k in x)
    return Curve(x, y, tuple(value - 0.01 for value in y), tuple(value + 0.01 for value in y))


AHEAD = Curve((1.0, 10.0, 30.0, 60.0), (0.1, 0.3, 0.7, 0.9), (0.0, 0.2, 0.6, 0.7), (0.2, 0.5, 0.8, 1.0))


def result(name="a", measured=None, ahead=AHEAD, level=0.9):
    return SimpleNamespace(group={"m": name}, curve=measured or curve(24), forecast_curve=ahead, level=level)


@pytest.mark.parametrize(("count", "marks"), [(5, 5), (12, 12), (23, 23), (24, 12), (30, 15), (36, 12), (48, 12)])
def test_about_a_dozen_marks_end_at_the_last_attempt(count, marks):
    (chart,) = coverage_charts([result(measured=curve(count))])
    (series,) = chart.series
    assert len(series.x) == len(series.y) == marks
    assert series.x[-1] == count
    assert list(series.x) == sorted(series.x)
    assert list(series.y) == pytest.approx([k / count for k in series.x])


def test_the_line_goes_on_as_the_forecast_from_the_last_attempt_with_its_band():
    (chart,) = coverage_charts([result()])
    (line,) = chart.lines
    measured = curve(24)
    assert line.name == "forecast beyond the marks"
    assert line.curve == Curve(
        (*measured.x, 30.0, 60.0), (*measured.y, 0.7, 0.9), (*measured.low, 0.6, 0.7), (*measured.high, 0.8, 1.0)
    )
    assert (chart.band, chart.title, chart.x.label, chart.y.label) == ("90 % interval", "", "attempts k", "coverage")
    bare = Curve(AHEAD.x, AHEAD.y)
    (chart,) = coverage_charts([result(ahead=bare)])
    assert (chart.lines[0].curve.low, chart.lines[0].curve.high) == (None, None)
    assert chart.lines[0].curve.y[-1] == 0.9
    (chart,) = coverage_charts([result(ahead=None)])
    assert chart.lines[0].curve == measured


def test_groups_have_their_names_and_at_most_eight_are_drawn():
    (chart,) = coverage_charts([result(name) for name in "abc"])
    assert [series.name for series in chart.series] == ["a", "b", "c"]
    assert [line.name for line in chart.lines] == ["forecast beyond the marks", "", ""]
    many = [result(str(i)) for i in range(9)]
    assert len(coverage_charts(many)[0].series) == 8
    assert coverage_charts(many)[0].title == "8 of 9 groups; marks end at the attempts made"
    assert coverage_charts(many[:8])[0].title == ""
    nothing = SimpleNamespace(group={}, curve=None, forecast_curve=None, level=0.9)
    (chart,) = coverage_charts([nothing, SimpleNamespace(group={}, curve=curve(3), forecast_curve=None, level=0.9)])
    assert chart.series[0].name == "estimates"
    assert chart.title.startswith("1 of 2 groups")
    assert coverage_charts([nothing, SimpleNamespace(group={}, curve=Curve((), ()), level=0.9)]) == []
