"""Targets that continue runs under a law of the learning-rate schedule."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.forecast.candidates import ForecastCandidate, fit_asking
from scaling_cli.analysis.forecast.continuation import place_on_runs, require_drops
from scaling_cli.analysis.forecast.recipe import Recipe
from scaling_cli.analysis.forecast.stack import predict
from scaling_cli.analysis.forecast.targets import Places, Target
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.ask import alone
from scaling_cli.laws import find_law

AT = {"step": 2000.0, "lr": 1e-4}


def test_the_only_run_of_a_log_needs_no_name():
    assert place_on_runs([Target(AT)], ["a"]).columns["run"].tolist() == [0.0]


def test_a_target_names_one_of_several_runs():
    assert place_on_runs([Target(AT, run="b")], ["a", "b"]).columns["run"].tolist() == [1.0]
    with pytest.raises(UsageError, match="run 'c', which is not in the log"):
        place_on_runs([Target(AT, run="c")], ["a", "b"])
    with pytest.raises(UsageError, match="has 2 runs, and a target does not name") as raised:
        place_on_runs([Target(AT)], ["a", "b"])
    assert "the same name in every row" in raised.value.hint


def test_a_target_needs_its_schedule():
    with pytest.raises(UsageError, match="needs the schedule"):
        place_on_runs([Target({"step": 2000.0})], ["a"])


def points(rates, runs=None):
    rates = np.array(rates)
    step = np.arange(1.0, len(rates) + 1)
    runs = np.zeros(len(rates), dtype=int) if runs is None else np.array(runs)
    return ForecastPoints({"step": step, "lr": rates}, np.linspace(3, 2, len(rates)), runs, step)


@pytest.mark.parametrize(
    ("rates", "runs", "later", "is_refused"),
    [
        ([1e-3] * 4, None, 1e-3, False),
        ([1e-3] * 4, None, 0.995e-3, False),
        ([1e-3] * 4, None, 0.98e-3, True),
        ([1e-3, 1e-3, 9e-4, 8e-4], None, 1e-4, False),
        ([1e-3, 1e-3, 1e-4, 1e-4], [0, 0, 1, 1], 1e-4, True),  # each run keeps its own rate
        ([1e-3, 1e-3, 1e-4, 9e-5], [0, 0, 1, 1], 1e-4, False),
    ],
)
def test_a_falling_rate_is_forecast_only_where_a_run_shows_one(rates, runs, later, is_refused):
    places = Places((Target(AT),), {"step": np.array([9.0, 10.0]), "lr": np.array([1e-3, later])}, np.ones(2))
    require_drops(None, places)
    if not is_refused:
        require_drops(points(rates, runs), places)
        return
    with pytest.raises(FitError, match="lowers the learning rate, but no run here shows"):
        require_drops(points(rates, runs), places)


STEP = np.arange(100.0, 2100.0, 100.0)
FALLING = np.where(STEP < 1200, 1e-3, 1e-3 * np.exp(-(STEP - 1200) / 400))
TRUTH = {"L0": 2.0, "A": 0.6, "alpha": 0.5, "C": 3.0, "memory": 200.0}


def logged():
    """Two runs of one schedule law: one of 2,000 steps, and one that stops after 1,000 at a constant rate."""
    columns = {"step": np.concatenate([STEP, STEP[:10]]), "lr": np.concatenate([FALLING, np.full(10, 2e-3)]),
               "run": np.repeat([0.0, 1.0], [20, 10])}  # fmt: skip
    return columns, find_law("annealing").predict(TRUTH, columns)


def test_a_law_of_whole_schedules_sees_what_a_run_did_before():
    columns, loss = logged()
    runs = columns["run"].astype(int)
    points = ForecastPoints({name: columns[name] for name in ("step", "lr")}, loss, runs, columns["step"])
    law = find_law("annealing")
    recipe = Recipe("least-squares", prior="none")
    fit = alone(fit_asking(ForecastCandidate(law, 0.0, is_plain=True, recipe=recipe), points, ()))
    assert np.exp(predict(fit, fit.theta[None], points.columns)[0]) == pytest.approx(loss, rel=1e-3)
    later = {"step": np.array([1500.0, 1600.0]), "lr": np.array([1e-3, 5e-4]), "run": np.array([1.0, 1.0])}
    whole = {name: np.concatenate([columns[name], later[name]]) for name in columns}
    values = dict(zip(law.names, fit.problem.parameters(fit.theta[None])[0], strict=True))
    expected = law.predict(values, whole)[-2:]
    assert np.exp(predict(fit, fit.theta[None], later)[0]) == pytest.approx(expected)


def test_a_log_is_continued_at_the_rows_of_a_file(tmp_path):
    columns, loss = logged()
    names = np.where(columns["run"] == 0, "long", "short")
    frame = pl.DataFrame({"run_id": names, "step": columns["step"], "lr": columns["lr"], "loss": loss})
    file = tmp_path / "next.csv"
    pl.DataFrame({"run_id": ["short"], "step": [2000.0], "lr": [2e-3]}).write_csv(file)
    report = scaling.extrapolate(frame, law="annealing", checkpoints="all", targets=str(file), replicates=20)
    (row,) = report.results[0].predictions
    whole = {"step": np.append(columns["step"], 2000.0), "lr": np.append(columns["lr"], 2e-3),
             "run": np.append(columns["run"], 1.0)}  # fmt: skip
    assert row.at == {"step": 2000.0, "lr": 2e-3}
    assert row.name == "short"
    assert "mid-schedule-points" not in {each.code for each in report.caveats}
    assert (report.results[0].inside, report.results[0].curve) == (None, None)
    assert row.loss.estimate == pytest.approx(find_law("annealing").predict(TRUTH, whole)[-1], rel=0.01)
