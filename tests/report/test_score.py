"""Forecasts beside what the runs reached, by results made by hand."""

from __future__ import annotations

import pytest

from scaling_cli.record import replace
from scaling_cli.report import score
from scaling_cli.results.fit import Estimate
from scaling_cli.results.report import Report
from scaling_cli.results.score import Scored, ScoreResult
from tests.factories import report

AT = {"params": 1e9, "compute": 6e19}


def scored(inside=True, **changed):
    told = {"forecast": "a.json", "run": "r1", "at": AT, "predicted": Estimate(2.5, 2.4, 2.6), "observed": 2.45,
            "error_log": -0.02, "inside": inside, "running": 0.75}  # fmt: skip
    return Scored(**(told | changed))


def result(*rows, unmatched=0) -> ScoreResult:
    return ScoreResult(group={}, forecasts=1, level=0.95, scored=rows, coverage=Estimate(0.75), inside=1,
                       rmse_log=0.02, bias_log=-0.02, unmatched=unmatched)  # fmt: skip


def score_report(*results) -> Report[ScoreResult]:
    return report(*results)


def table(*rows):
    (page,) = score.pages(score_report(result(*rows)))
    sheet = page.sections[0].sheet
    return [column.name for column in sheet.columns], *map(list, sheet.rows)


def test_a_row_is_a_run_beside_its_forecast():
    header, row = table(scored())
    told = dict(zip(header, row, strict=True))
    assert (told["forecast"], told["run"], told["params"], told["compute"]) == (
        "a.json", "r1", "1B", "6e19")  # fmt: skip
    assert told["observed"] == "2.45"
    assert told["over predicted"].startswith("-2")
    assert (told["interval"], told["inside so far"]) == ("inside", "75 %")


@pytest.mark.parametrize(("inside", "word"), [(True, "inside"), (False, "outside")])
def test_a_run_is_inside_its_interval_or_outside(inside, word):
    assert word in table(scored(inside))[1]


def test_columns_in_which_no_run_has_a_value_are_left_out():
    header, _ = table(scored())
    assert "tokens" not in header
    assert "loss" not in header
    assert "loss" in table(scored(loss="eval_loss"))[0]


def test_a_record_has_every_column_of_the_header():
    header, row = score.records(score_report(result(scored(loss="eval_loss"))))
    told = dict(zip(header, row, strict=True))
    assert told == {
        "forecast": "a.json", "run": "r1", "params": 1e9, "tokens": None, "compute": 6e19, "predicted": 2.5,
        "low": 2.4, "high": 2.6, "observed": 2.45, "error_log": -0.02, "inside": True, "running_coverage": 0.75,
        "loss": "eval_loss",
    }  # fmt: skip


def test_the_line_of_equal_losses_spans_forecasts_and_observations():
    rows = scored(), scored(observed=3.0, predicted=Estimate(2.0))
    (chart,) = score.charts(score_report(result(*rows)))
    (series,) = chart.series
    assert (list(series.x), list(series.y)) == ([2.5, 2.0], [2.45, 3.0])
    (line,) = chart.lines
    assert line.curve.x == line.curve.y == (2.0, 3.0)


def test_nothing_scored_draws_no_points():
    (chart,) = score.charts(score_report(result()))
    assert (list(chart.series[0].x), chart.lines[0].curve.x) == ([], (1.0, 1.0))


@pytest.mark.parametrize(("unmatched", "told"), [(0, None), (1, "1 forecast without"), (2, "2 forecasts without")])
def test_forecasts_without_a_run_are_counted(unmatched, told):
    (page,) = score.pages(score_report(result(scored(), unmatched=unmatched)))
    facts = [str(fact) for fact in page.facts]
    assert (told is None) == (facts == [])
    assert told is None or told in facts[0]


@pytest.mark.parametrize(("independent", "told"), [(0, False), (1, True), (2, False)])
def test_the_number_of_independent_forecasts_is_told_where_it_is_smaller(independent, told):
    made = replace(result(scored(), scored()), independent=independent)
    (page,) = score.pages(score_report(made))
    assert any("counts 1 forecast; the others share a fit or a run" in str(fact) for fact in page.facts) == told
