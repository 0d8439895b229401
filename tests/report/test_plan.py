"""Plans and scores in every format: names of groups are escaped, and both have something to draw."""

from __future__ import annotations

import math

import pytest

import scaling_cli as scaling
from scaling_cli.options.formats import FORMATS
from scaling_cli.record import replace
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render
from scaling_cli.report.plan.panels import plan_panels
from scaling_cli.report.plan.view import charts, panels, records
from scaling_cli.report.views import view_of
from scaling_cli.results.plan import MoreAttempts

HOSTILE = "a\x1b[31m|b"


@pytest.fixture(scope="module")
def report():
    made = scaling.plan(law="chinchilla:besiroglu", budget=1e21, goal=["params@1e24", "alpha"], max_runs=8, check_=True,
                        peak_flops="h100", mfu=0.4, price_per_gpu_hour=2, rounds=2, recipe=True)  # fmt: skip
    result = made.results[0]
    runs = tuple(replace(run, arm=HOSTILE) for run in result.runs)
    return replace(made, results=(replace(result, runs=runs, group={"recipe": HOSTILE}),))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_shows_the_plan_and_no_control_characters(report, form):
    text = render(report, form, view_of("plan"), look=Look(is_detailed=True), draws=False)
    assert "\x1b" not in text
    assert not {character for character in text if ord(character) < 32} - {"\n"}
    assert "params" in text


def test_the_rows_and_the_charts_are_those_of_the_runs(report):
    header, *rows = records(report)
    assert len(rows) == sum(run.repeats for run in report.results[0].runs)
    assert all(len(row) == len(header) for row in rows)
    design, fall = charts(report)
    assert {series.name for series in design.series} <= {"to answer the goals", "to test the law"}
    assert fall.lines[0].curve.y[0] > fall.lines[0].curve.y[-1]


def test_the_rows_of_a_plan_of_attempts_are_its_problems(report):
    result = replace(
        report.results[0], runs=(), attempts=(MoreAttempts("p\x1b1", 8, 2, 16), MoreAttempts("p2", 8, 0, 64))
    )
    header, *rows = records(replace(report, results=(result,)))
    assert tuple(header[-4:]) == ("problem", "attempts", "successes", "more")
    assert [tuple(row[-4:]) for row in rows] == [("p\\x1b1", 8, 2, 16), ("p2", 8, 0, 64)]


def test_the_figure_shows_the_width_that_each_usual_design_gives(report):
    design, fall, designs = (chart for row in panels(report) for chart in row)
    result = report.results[0]
    assert design.title.endswith("Runs to train")
    assert {series.name for series in fall.series} <= {other.name for other in result.usual}
    assert designs.y.names == ("this plan", *(other.name for other in result.usual))
    first = designs.series[0]
    expected = {
        place: other.widths[0] / result.goals[0].width_after
        for place, other in enumerate(result.usual, 1)
        if math.isfinite(other.widths[0])
    }
    assert dict(zip(first.y, first.x, strict=True)) == pytest.approx({0: 1.0, **expected})


def test_a_plan_without_usual_designs_draws_what_there_is(report):
    bare = replace(report.results[0], usual=(), fall=None)
    assert [len(row) for row in plan_panels(bare)] == [1]
    assert plan_panels(replace(bare, runs=())) == []


def test_tests_that_cannot_show_a_wrong_law_are_called_so(report):
    (result,) = report.results
    blind = replace(report, results=(replace(result, test=replace(result.test, seen=None)),))
    text = render(blind, "plain", view_of("plan"), look=Look(is_detailed=True), draws=False)
    assert "cannot test the law: the possible runs are too alike" in text
