"""Plans and scores in every format: names of groups are escaped, and both have something to draw."""

from __future__ import annotations

import pytest

import scaling_cli as scaling
from scaling_cli.options.formats import FORMATS
from scaling_cli.record import replace
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render
from scaling_cli.report.plan.view import charts, records
from scaling_cli.report.views import view_of

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
