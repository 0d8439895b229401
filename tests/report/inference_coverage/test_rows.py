"""The tables and the figure of coverage, for a result whose parts are changed by hand."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.record import replace
from scaling_cli.report.inference_coverage import view
from scaling_cli.report.inference_coverage.panels import beyond, coverage_panels
from scaling_cli.report.inference_coverage.rows import _combined, _data, _exchanges, _laws, _splits, sections
from scaling_cli.report.pages.sheet import Sheet
from scaling_cli.results.coverage import (
    AssumedVerifier,
    Attempts,
    Coverage,
    CurveCrossing,
    Forecast,
    LawFit,
    Mix,
    Purchase,
    Selection,
    Slope,
)
from scaling_cli.results.exchange import Exchange
from scaling_cli.results.fit import Curve, Estimate
from scaling_cli.results.verifications import BestSplit, VerificationSplit


@pytest.fixture(scope="module")
def report():
    rows = pl.DataFrame({"problem_id": [f"p{i}" for i in range(24)], "n": [8] * 24, "c": [0, 1, 2, 4, 6, 8] * 4})
    return scaling.inference_coverage(rows, k="1,4", fit="none", replicates=100)


def table(report, title, **changes):
    """Rows of the table of this title, by the names of their columns."""
    made = replace(report, results=(replace(report.results[0], **changes),))
    for section in sections(made):
        if section.title.startswith(title):
            names = [column.name for column in section.sheet.columns]
            return [dict(zip(names, row, strict=True)) for row in section.sheet.rows]
    return []


@pytest.mark.parametrize(("attempts", "shown"), [((8, 8.0, 8), "8"), ((2, 8.0, 1200), "2 to 1,200")])
def test_the_attempts_of_problems_are_a_number_or_a_range(report, attempts, shown):
    ((_, span, *_),) = _data(replace(report.results[0], attempts=Attempts(*attempts)))
    assert span == shown


def purchase(**changes):
    made = Purchase("budget", 10.0, "usd", "fixed", 5, None, None, 5.0, 9.5, Estimate(0.6, 0.5, 0.7))
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({}, "budget 10 USD"),
        ({"policy": "stop"}, "budget 10 USD, stopping"),
        ({"question": "value"}, "a solution is worth 10 USD"),
        ({"question": "target", "amount": 0.5, "unit": "coverage"}, "reach 0.5"),
        ({"question": "marginal", "amount": 0.01, "unit": "coverage"}, "gain at least 0.01"),
    ],
)
def test_questions_are_said_in_words(report, changes, question):
    (row,) = table(report, "Budgets", budgets=(purchase(**changes),))
    assert row["question"] == question
    assert row["coverage"] == "0.600"


@pytest.mark.parametrize(
    ("changes", "k"),
    [
        ({}, "5"),
        ({"k": 1234}, "1,234"),
        ({"k": None}, "> 8"),
        ({"k": 20, "is_forecast": True}, "20*"),
        ({"k": None, "is_forecast": True}, "> 800"),
        ({"k": 20, "is_forecast": True, "coverage": Estimate(None)}, "20"),
        ({"question": "target", "k_low": 3, "k_high": 7}, "5 [3, 7]"),
        ({"question": "target", "k_low": 3, "k_high": None}, "5 [3, > 8]"),
        ({"question": "target", "k": 20, "k_low": 3, "is_forecast": True}, "20* [3, > 800]"),
    ],
)
def test_attempts_are_marked_where_they_are_forecast_or_beyond_the_log(report, changes, k):
    (row,) = table(report, "Budgets", budgets=(purchase(**changes),))
    assert row["k"] == k


def test_a_refused_forecast_says_so(report):
    refused = purchase(k=20, is_forecast=True, coverage=Estimate(None))
    (row,) = table(report, "Budgets", budgets=(refused,))
    assert row["coverage"] == "not forecast"


def test_costs_and_chances_are_shown_where_they_are_known(report):
    (row,) = table(report, "Budgets", budgets=(purchase(best_probability=0.8),))
    assert (row["cost"], row["best"]) == ("9.5 USD", "80 %")
    rows = table(report, "Budgets", budgets=(purchase(), purchase(cost=None)))
    assert [row["cost"] for row in rows] == ["9.5 USD", "-"]
    assert "best" not in rows[0]


@pytest.mark.parametrize(
    ("k", "leads", "cells"),
    [
        (None, "", ("-", "not up to k = 8", "-")),
        (None, "small", ("-", "not up to k = 8", "small")),
        (Estimate(3.456, 2.0, 5.0), "small", ("3.46", "[2, 5]", "small")),
        (Estimate(3.456, None, 5.0), "small", ("3.46", "[1, 5]", "small")),
        (Estimate(3.456, 2.0, None), "small", ("3.46", "[2, beyond 8]", "small")),
    ],
)
def test_crossings_say_where_and_how_far_they_were_looked_for(report, k, leads, cells):
    (row,) = table(report, "Where coverage curves cross", crossings=(CurveCrossing("big", k, leads, 8),))
    shown = tuple(row.get(name, "-") for name in ("k", "95 % interval", "higher before"))
    assert shown == cells
    assert row["other"] == "big"


def test_mixes_show_both_attempts_and_both_alone(report):
    mix = Mix(other="big", budget=10.0, unit="usd", k=1200, other_k=3, coverage=0.6, alone=0.5, other_alone=0.4)
    assert table(report, "Mixes", mixes=(mix,)) == [
        {"other": "big", "budget": "10 USD", "k": "1,200", "other's k": "3", "coverage": "0.6", "alone": "0.5",
         "other alone": "0.4"}
    ]  # fmt: skip


def test_forecasts_without_any_interval_have_no_table(report):
    with_one = (Forecast(20, "beta-binomial", 0.7, 0.6, 0.8), Forecast(40, "beta-binomial", 0.8, None, None))
    assert [row["k"] for row in table(report, "Forecasts of each law", forecast=with_one)] == ["20", "40"]
    assert table(report, "Forecasts of each law", forecast=with_one[1:]) == []
    combined = (Forecast(20, "combined", 0.7, 0.6, 0.8), Forecast(40, "combined", None, None, None))
    assert [row["k"] for row in table(report, "Forecast", forecast=combined)] == ["20"]


def test_one_group_has_no_table_of_its_data_and_several_have(report):
    assert table(report, "Data") == []
    twice = [replace(report.results[0], group={"model": name}) for name in "ab"]
    made = replace(report, results=tuple(twice))
    (data,) = [section for section in sections(made) if section.title == "Data"]
    assert [row[1:4] for row in data.sheet.rows] == [("24", "8", "4")] * 2
    assert data.is_detail


def test_the_chance_that_all_succeed_is_shown_where_it_was_asked(report):
    assert table(report, "All of k succeed") == []
    asked = replace(report, options={**report.options, "all_succeed": True})
    rows = table(asked, "All of k succeed")
    assert [row["k"] for row in rows] == ["1", "4"]
    assert float(rows[0]["share"]) == pytest.approx(report.results[0].coverage[0].all_succeed, abs=1e-3)


CURVE = Curve(tuple(float(x) for x in range(1, 31)), tuple(x / 40 for x in range(1, 31)), (0.0,) * 30, (1.0,) * 30)
AHEAD = Curve(
    (1.0, 10.0, 30.0, 60.0, 90.0), (0.1, 0.3, 0.7, 0.8, 0.9), (0.0, 0.1, 0.6, 0.7, 0.8), (0.2, 0.5, 0.8, 0.9, 1)
)


def panel(report, *changes):
    results = [replace(report.results[0], **{"curve": CURVE, "forecast_curve": AHEAD, **each}) for each in changes]
    ((chart,),) = coverage_panels(results)
    return chart


def test_measured_coverage_is_marked_from_one_attempt_to_the_last(report):
    (marks,) = panel(report, {}).series
    assert (marks.x[0], marks.x[-1], marks.name) == (1.0, 30.0, "measured")
    assert 14 <= len(marks.x) <= 16
    assert list(marks.y) == [x / 40 for x in marks.x]
    assert (set(marks.low), set(marks.high)) == ({0.0}, {1.0})
    assert set(map(round, [b - a for a, b in zip(marks.x[1:], marks.x[2:], strict=False)])) == {2}


def test_the_band_of_the_forecast_opens_where_the_data_end(report):
    (line,) = panel(report, {}).lines
    assert line.curve.y == AHEAD.y
    assert line.curve.low == (0.1, 0.3, 0.6, 0.7, 0.8)
    assert line.curve.high == (0.1, 0.3, 0.8, 0.9, 1)
    assert (line.is_dashed, line.color) == (True, 0)


def test_groups_share_a_panel_with_one_name_for_their_forecasts(report):
    chart = panel(report, {"group": {"m": "a"}}, {"group": {"m": "b"}, "forecast_curve": None}, {"group": {"m": "c"}})
    assert [line.name for line in chart.lines] == ["laws, and forecast beyond the marks", ""]
    assert [line.color for line in chart.lines] == [0, 2]
    assert chart.title == "Coverage and forecast"
    many = panel(report, *({"group": {"m": str(i)}} for i in range(9)))
    assert (many.title, len(many.series)) == ("8 of 9 groups", 8)
    assert coverage_panels([replace(report.results[0], curve=None)]) == []


def test_targets_are_rules_with_the_attempts_that_reach_them(report):
    target = purchase(question="target", amount=0.5, unit="coverage", k=12)
    missed = purchase(question="target", amount=0.9, unit="coverage", k=None)
    chart = panel(report, {"budgets": (target, missed, purchase())})
    assert [(rule.name, rule.value, rule.is_level) for rule in chart.rules] == [
        ("target 0.5", 0.5, True), ("target 0.9", 0.9, True),
    ]  # fmt: skip
    reached = chart.series[1]
    assert (list(reached.x), list(reached.y), reached.stands_out) == ([12], [0.5], True)


def test_a_curve_beyond_a_place_starts_there():
    found = beyond(AHEAD, 30.0)
    assert found == Curve(AHEAD.x[2:], AHEAD.y[2:], AHEAD.low[2:], AHEAD.high[2:])
    assert beyond(Curve(AHEAD.x, AHEAD.y), 31.0) == Curve(AHEAD.x[3:], AHEAD.y[3:])


def test_the_best_splits_have_their_budgets_as_asked_and_their_ends(report):
    values = Estimate(8.0, 6.0, 10.0), Estimate(4.0, 3.0, 5.0), Estimate(0.6, 0.5, 0.7)
    rows = (BestSplit(16.0, None, "", *values), BestSplit(64.0, 0.25, "usd", *values, "most"))
    split = VerificationSplit(0.5, Estimate(0.6), Estimate(0.4), rows, 0.01)
    found = list(_splits(replace(report.results[0], split=split)))
    assert found[0] == ("16", "8.00 [6.00, 10.00]", "4.00 [3.00, 5.00]", "0.600 [0.500, 0.700]", "")
    assert found[1][0] == "64 (0.25 USD)"
    assert found[1][-1] == "most solutions"
    assert list(_splits(report.results[0])) == []


def test_selected_attempts_stand_beside_those_of_a_perfect_selection(report):
    chosen = Selection(4, "majority", 0.512, 0.4, 0.6, 0.75)
    (row,) = table(report, "Choosing one", selection=(chosen,))
    assert row == {
        "k": "4", "method": "majority", "accuracy": "0.512", "95 % interval": "[0.400, 0.600]", "coverage": "0.75",
    }  # fmt: skip
    (row,) = table(report, "Assumed verifier", verifier=AssumedVerifier(0.9, 0.125, 0.8, 0.25))
    assert list(row.values()) == ["0.9", "0.125", "0.8", "0.25"]
    assert table(report, "Choosing one") == table(report, "Assumed verifier") == []
    rows = view.records(replace(report, results=(replace(report.results[0], selection=(chosen,)),)))
    assert [tuple(row) for row in rows if row[0] == "selection"] == [("selection", "majority", 4, 0.512, 0.4, 0.6)]


def test_laws_have_their_parameters_their_slope_and_what_was_left_out(report):
    law = LawFit({"A": Estimate(1.5, 1.0, 2.0), "b": Estimate(0.5, 0.4, 0.6)}, None, None, Slope(1, 1000, 0.3123))
    inflated = replace(law, dropped=3, p_value=0.01234, parameters={"alpha": Estimate(0.5)})
    made = replace(report.results[0], fits={"power-law": law, "zero-inflated": inflated})
    assert list(_laws(made)) == [
        ("power-law", "A", "1.50", "[1.00, 2.00]"), ("", "b", "0.500", "[0.400, 0.600]"),
        ("", "slope, k 1 to 1,000", "0.3123", ""), ("zero-inflated", "alpha", "0.5000", "-"),
        ("", "slope, k 1 to 1,000", "0.3123", ""), ("", "points left out, near 0 or 1", "3", ""),
        ("", "p-value for no unsolvable problems", "0.012", ""),
    ]  # fmt: skip


def test_exchanges_have_the_factor_or_the_ratio_of_the_models(report):
    plain = Exchange(8.75, 1.0, 9.0, 1, 9, 0.8125)
    against = replace(plain, k=2000, against="b\x1b", other=0.75, difference=Estimate(0.0625, 0.05, 0.075),
                      verdict="sampling", turn=Estimate(2.0, 1.0, 4.0))  # fmt: skip
    found = Sheet((), tuple(_exchanges(replace(report.results[0], exchange=(plain, against))))).escaped().rows
    assert found[0][:6] == ("1", "9", "9", "0.8125", "", "-")
    assert found[0][-2:] == ("-", "")
    assert found[1][:6] == ("2,000", "8.75", "9", "0.8125", "b\\x1b", "0.75")
    assert found[1][-2:] == ("sampling", "2 [1, 4]")


def test_combined_forecasts_are_those_with_an_interval(report):
    rows = (Forecast(20, "combined", 0.7, 0.6, 0.8), Forecast(30, "combined", 0.7, None, None),
            Forecast(20, "power-law", 0.9, 0.8, 0.95))  # fmt: skip
    assert list(_combined(replace(report.results[0], forecast=rows))) == [("20", "0.700", "[0.600, 0.800]")]


def test_bounds_stand_under_coverage_and_not_under_an_interval(report):
    rows = (Coverage(8, 0.5, 0.4, 0.6, 0.05, 0.01), Coverage(16, None, 0.25, 0.75, None, None))
    first, second = table(report, "Coverage", coverage=rows)
    assert (first["coverage"], first["95 % interval"]) == ("0.500", "[0.400, 0.600]")
    assert (second["coverage"], second["95 % interval"]) == ("0.250 to 0.750", "-")
    made = replace(report, results=(replace(report.results[0], coverage=rows),))
    assert [row[:3] for row in view.records(made) if 0.25 in row] == [["coverage", "bounds", 16]]
    assert "sampling error is not included" in dict(view.facts(made))["bounds"]
    exact = replace(report, results=(replace(report.results[0], coverage=rows[:1]),))
    assert "bounds" not in dict(view.facts(exact))
