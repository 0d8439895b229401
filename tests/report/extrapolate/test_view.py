"""What is said of a forecast, and its rows of CSV."""

from __future__ import annotations

import pytest

from scaling_cli.record import replace
from scaling_cli.report.extrapolate.rows import sections
from scaling_cli.report.extrapolate.view import details, facts, records
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import (
    Backtest,
    ForecastInterval,
    InsidePart,
    Inverse,
    LawWeight,
    Score,
    SuiteForecast,
    SuiteRow,
    Then,
    ThenPrediction,
)
from scaling_cli.sentences.extrapolate import sentence
from tests.report.extrapolate.results import FAR, NEAR, forecast, report


def fact(label, **changes):
    made = forecast(**changes)
    return dict([*facts(report(made), made), *details(made)]).get(label, "")


def test_the_estimator_names_its_laws_and_how_they_are_weighted():
    assert fact("estimator") == (
        "forecast: mean of power-constant 70 %, m4 30 %, weighted by errors on held-out runs; large runs weigh more, "
        "weak priors"
    )
    one = (LawWeight("power", 1.0, None),)
    assert fact("estimator", laws=one, changed=("equal weights",)) == "forecast: power; equal weights"
    least = (LawWeight("power-constant", 0.5, 0.1), LawWeight("power-constant (least squares)", 0.5, 0.1))
    assert "and by the probability that the simplest law holds" in fact("estimator", laws=least)
    assert "simplest" not in fact("estimator")
    described = fact("estimator", estimator="describe", law="power", changed=("huber",))
    assert described == "describe: the plain fit of power; huber"


@pytest.mark.parametrize(
    ("shift", "words"),
    [(None, ""), (4e-5, ""), (-4e-5, ""), (0.01, "lowered by 1 %"), (-0.01, "raised by 1 %")],
)
def test_a_correction_is_said_where_it_does_not_print_as_zero(shift, words):
    found = fact("estimator", shift_log=shift)
    assert words in found
    assert ("to correct the error" in found) is bool(words)


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (ForecastInterval("none", 0.95, 0, 0), "none: the saved fit has no replicates"),
        (ForecastInterval("draws", 0.95, 1000, 0, "wild"), "95 %, 1,000 wild bootstrap replicates of the fit"),
        (ForecastInterval("draws", 0.9, 1000, 0), "90 %, 1,000 replicates of the fit"),
        (
            ForecastInterval("rolling+bootstrap", 0.95, 400, 3),
            "95 %, from errors on held-out runs at 3 cut-offs and 400 bootstrap replicates",
        ),
        (
            ForecastInterval("bootstrap+spread", 0.95, 400, 0),
            "95 %, from 400 bootstrap replicates and the spread of the laws; too few runs to hold some out",
        ),
    ],
)
def test_the_interval_says_how_it_was_made(interval, said):
    assert fact("interval", interval=interval) == said


def test_the_track_record_lists_the_cut_offs_nearest_first():
    assert fact("track record") == (
        "rms error on larger runs, if fitted to runs up to 1/2 (1 %), 1/8 (3 %) of the largest run"
    )
    assert fact("track record", track=()) == ""


def test_a_score_says_how_many_targets_and_how_many_were_inside():
    score = Score(3, 0.02, 0.03, -0.01, 0.5)
    assert fact("score", score=score) == (
        "3 targets: mean error 2 %, rms 3 %, forecasts 1 % too low on average, 50 % inside the prediction interval"
    )
    assert "inside" not in fact("score", score=replace(score, coverage=None))
    assert fact("score") == ""


@pytest.mark.parametrize(("reach", "is_said"), [(3.0, False), (3.1, True), (None, False)])
def test_the_reach_is_said_where_it_is_beyond_three_times_the_runs(reach, is_said):
    found = fact("reach", predictions=(replace(NEAR, reach=reach),))
    assert found == (f"up to {reach} times the largest run" if is_said else "")


def test_the_part_inside_the_data_has_its_own_laws():
    both = InsidePart(1e20, (LawWeight("power", 0.6, None), LawWeight("m4", 0.4, None)))
    assert fact("inside", inside=both) == "below compute 1e20, power 60 %, m4 40 %; all runs have equal weight"
    assert "the same law" in fact("inside", inside=InsidePart(1e20, both.laws[:1]))
    assert fact("inside") == ""


def test_ranges_leave_out_the_loss_and_steps_unless_they_are_the_input():
    assert "loss" not in fact("range")
    assert "compute" in fact("range")
    ranges = {"step": (1.0, 100.0), "compute": (1e18, 1e21)}
    assert "step" not in fact("range", ranges=ranges)
    assert "step" in fact("range", ranges=ranges, inputs={"x": "step"})


def rows_of(*results):
    header, *rows = records(report(*results))
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_each_prediction_has_a_row():
    first, second = rows_of(forecast())
    assert (first["compute"], first["loss"], first["loss_low"], first["loss_high"]) == (1e22, 2.5, 2.45, 2.55)
    assert (first["prediction_low"], first["prediction_high"]) == (2.4, 2.6)
    assert (first["spread_low"], first["spread_high"], first["reach"]) == (2.48, 2.53, 10.0)
    assert (first["observed"], first["target"], first["level"], first["estimator"]) == (None, "", 0.95, "forecast")
    assert (second["observed"], second["target"]) == (2.05, "big")


def test_roles_of_all_groups_are_columns():
    other = replace(NEAR, at={"params": 1e9})
    rows = rows_of(forecast(group={"lab": "a"}), forecast(group={"lab": "b"}, predictions=(other,)))
    assert [row["lab"] for row in rows] == ["a", "a", "b"]
    assert [row["params"] for row in rows] == [None, None, 1e9]
    assert [row["compute"] for row in rows] == [1e22, 1e24, None]


SUITE = SuiteForecast(
    1000,
    (
        SuiteRow("web", "loss", None, {"compute": 1e22}, Estimate(2.5, 2.4, 2.6)),
        SuiteRow("web", "loss", None, {"compute": 1e23}, Estimate(2.3, 2.2, 2.4)),
        SuiteRow("quiz", "task", "web", {"compute": 1e22}, Estimate(0.5)),
        SuiteRow("quiz", "task", "web", {"compute": 1e23}, Estimate(0.6)),
        SuiteRow("all", "average", None, {"compute": 1e22}, Estimate(None)),
        SuiteRow("all", "average", None, {"compute": 1e23}, Estimate(0.7)),
    ),
    {},
    (),
)


def test_several_losses_and_tasks_have_a_row_each_at_each_target():
    rows = rows_of(forecast(suite=SUITE, group={"loss": "web", "lab": "ours"}))
    assert [(row["name"], row["kind"], row["follows_from"], row["compute"]) for row in rows] == [
        ("web", "loss", "", 1e22), ("web", "loss", "", 1e23), ("quiz", "task", "web", 1e22),
        ("quiz", "task", "web", 1e23), ("all", "average", "", 1e22), ("all", "average", "", 1e23),
    ]  # fmt: skip
    assert (rows[0]["estimate"], rows[0]["prediction_low"], rows[0]["prediction_high"]) == (2.5, 2.4, 2.6)
    assert {row["lab"] for row in rows} == {"ours"}
    assert "loss" not in rows[0]


def test_the_table_of_several_losses_is_wide_where_there_is_room():
    from scaling_cli.report.extrapolate.suite import suite_section

    section = suite_section(forecast(), SUITE)
    assert "from 1,000 joint draws" in section.title
    assert [row[:3] for row in section.sheet.rows[:3]] == [
        ("web", "", "1e22"), ("web", "", "1e23"), ("quiz", "web", "1e22"),
    ]  # fmt: skip
    assert section.sheet.rows[4][:2] == ("all", "average")
    wide = section.wide
    assert [column.name for column in wide.columns] == [
        "forecast", "follows from", "1e22 FLOPs", "new run", "1e23 FLOPs", "new run",
    ]  # fmt: skip
    assert [row[0] for row in wide.rows] == ["web", "quiz", "all"]
    placed = replace(SUITE, rows=(SuiteRow("web", "loss", None, {"params": 7e9, "tokens": 1e12, "compute": 4e22},
                                           Estimate(2.5)),))  # fmt: skip
    assert suite_section(forecast(), placed).wide.columns[2].name == "7B params, 1T tokens"


def table(title, **changes):
    for section in sections(forecast(**changes)):
        if title in section.title:
            names = [column.name for column in section.sheet.columns]
            return [dict(zip(names, row, strict=True)) for row in section.sheet.rows]
    return []


def test_the_table_of_forecasts_has_columns_for_what_is_known():
    first, second = table("forecasts, with 95 %")
    assert (first["target"], second["target"]) == ("-", "big")
    assert (first["compute"], first["reach"], first["observed"], second["observed"]) == ("1e22", "10x", "-", "2.05")
    plain = table("forecasts, with 95 %", predictions=(NEAR,))[0]
    assert not {"target", "observed", "by"} & set(plain)
    inside = InsidePart(1e20, (LawWeight("power", 1.0, None),))
    assert table("forecasts, with 95 %", inside=inside)[0]["by"] == "forecast"
    assert table("forecasts", predictions=(replace(NEAR, reach=None),))[0].get("reach", "-") == "-"


def test_a_backtest_comes_first_with_simpler_forecasts():
    cutoff = Backtest(1e20, 10.0, 1200, 3, 0.02, 0.03, -0.01, 0.5, {"line": 0.05})
    assert sections(forecast(backtest=(cutoff,)))[0].title.startswith("backtest")
    assert table("backtest", backtest=(cutoff,)) == [
        {"up to": "1e20", "runs": "1,200", "held out": "3", "reach": "10x", "error": "2 %", "rms": "3 %",
         "bias": "-1.0 %", "in interval": "50 %", "line": "5 %"}
    ]  # fmt: skip


def test_a_loss_that_is_reached_has_its_place():
    found = Inverse(2.0, "compute", Estimate(1e24, 1e23, 1e25), 0.9, {"compute": 1e24, "params": 7e9})
    (row,) = table("scale that reaches a loss", inverse=(found,))
    assert (row["target loss"], row["reachable"], row["params"]) == ("2", "90 %", "7B")
    assert list(row)[:3] == ["target loss", "compute", "interval"]
    assert table("scale that reaches a loss") == []


def test_a_metric_that_follows_from_the_loss_says_from_what():
    then = Then("quiz", "sigmoid", "f", {}, 9, 0.0123, (2.0, 3.0),
                (ThenPrediction({"compute": 1e22}, 2.5, Estimate(0.5, 0.4, 0.6), is_outside=False),))  # fmt: skip
    (row,) = table("quiz by sigmoid from 9 points, loss 2 to 3, rms 0.0123", then=then)
    assert (row["compute"], row["loss"]) == ("1e22", "2.5")
    made = forecast(then=then)
    header, near, far = records(report(made))
    assert list(header)[-3:] == ["quiz", "quiz_low", "quiz_high"]
    assert (list(near)[-3:], list(far)[-3:]) == ([0.5, 0.4, 0.6], [None, None, None])
    assert "expect a loss of 2.50 [2.40, 2.60] and quiz of 0.50 [0.40, 0.60]; at 1e24 FLOPs" in sentence(made, "Loss")
    beyond = replace(then.predictions[0], metric=Estimate(None), is_outside=True)
    assert "2.60], but no quiz; " in sentence(replace(made, then=replace(then, predictions=(beyond,))), "Loss")
    assert FAR.name == "big"
