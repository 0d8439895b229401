"""Commands that take a saved fit in place of runs."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError


@pytest.fixture(scope="module")
def grid():
    """Runs of two optimizers, one of which has only one size."""
    sizes = [(n, d) for n in (1e7, 3e7, 1e8, 1e9) for d in (1e9, 3e9, 1e10, 3e10)]
    rows = [("adamw", n, d, 1.7 + 400 / n**0.34 + 400 / d**0.28) for n, d in sizes]
    rows += [("muon", 1e8, d, 3 - place / 10) for place, d in enumerate((1e9, 3e9, 1e10))]
    return pl.DataFrame(rows, schema=["opt", "params", "tokens", "loss"], orient="row")


ASKED = {
    "extrapolate": lambda given: scaling.extrapolate(given, at="params=7B,tokens=140B"),
    "optimal-allocation": lambda given: scaling.optimal_allocation(given, budget="1e22"),
    "plan": lambda given: scaling.plan(given, goal="alpha", budget="1e20"),
}


@pytest.mark.parametrize("command", ASKED)
def test_groups_that_could_not_be_fitted_are_named_again(grid, tmp_path, command):
    fit = scaling.fit(grid, by="opt", law="chinchilla", replicates=50)
    fit.save(tmp_path / "fit.json")
    answer = ASKED[command](tmp_path / "fit.json")
    assert [each.group for each in answer.results] == [{"opt": "adamw"}]
    assert answer.failures == fit.failures
    assert [each.group for each in answer.failures] == [{"opt": "muon"}]


def test_files_that_a_joint_fit_could_not_read_are_named(grid, tmp_path):
    (tmp_path / "bad.csv").write_text("hello\n1\n")
    grid.filter(opt="adamw").write_csv(tmp_path / "adamw.csv")
    grid.filter(opt="adamw").with_columns(opt=pl.lit("muon"), loss=pl.col("loss") * 1.1).write_csv(
        tmp_path / "muon.csv"
    )
    asked = {"by": "opt", "share": "alpha", "law": "chinchilla", "replicates": 50}
    answer = scaling.optimal_allocation(tmp_path, budget="1e22", **asked)
    assert len(answer.results) == 2
    assert [each.group for each in answer.failures] == [{"file": str(tmp_path / "bad.csv")}]


def test_forecasts_name_the_metric_of_the_fit(grid, tmp_path):
    scores = grid.filter(opt="adamw").with_columns(score=1 / pl.col("loss")).drop("loss")
    asked = {"loss": "score", "law": "power", "x": "params", "replicates": 50}
    scaling.fit(scores, **asked).save(tmp_path / "fit.json")
    once = scaling.extrapolate(tmp_path / "fit.json", at="params=7B")
    assert "expect score of" in once.results[0].sentence
    again = pl.concat([scores, scores.with_columns(opt=pl.lit("muon"), score=pl.col("score") * 1.1)])
    joint = scaling.extrapolate(again, at="params=7B", loss="score", law="a[opt] * params**b", estimator="describe")
    assert len(joint.results) == 2
    assert all("expect score of" in each.sentence for each in joint.results)


def test_forecast_losses_that_the_runs_lack_do_not_keep_the_others_from_being_scored():
    runs = pl.DataFrame({"params": [1e8, 2e8, 4e8, 8e8, 16e8], "tokens": [2e9, 4e9, 8e9, 16e9, 32e9]})
    losses = runs.with_columns(
        web=3.0 * (pl.col("params") / 1e8) ** -0.05, code=2.0 * (pl.col("params") / 1e8) ** -0.05
    )
    forecast = scaling.extrapolate(losses, loss=["web", "code"], at="params=3.2e9,tokens=6.4e10", replicates=20)
    later = pl.DataFrame({"params": [3.2e9], "tokens": [6.4e10], "web": [2.5]})
    report = scaling.score([forecast, later])
    assert [row.loss for row in report.results[0].scored] == ["web"]
    (failure,) = report.failures
    assert failure.group == {"loss": "code"}
    assert "Unknown column 'code'" in failure.error
    with pytest.raises(UsageError, match="Unknown column"):
        scaling.score([forecast, later.rename({"web": "other"})])


@pytest.mark.parametrize("budget", [{"budget": 1e24}, {"target_loss": 2.1}])
def test_a_saved_fit_says_how_far_a_split_lies_beyond_its_runs_by_any_rule(grid, budget):
    """The compute of saved runs is 6 FLOPs per param and token, and was compared with a budget by another rule."""
    asked = {"flops_rule": "9 * params * tokens", **budget}
    saved = scaling.fit(grid, law="chinchilla", replicates=20)
    of_saved = scaling.optimal_allocation(saved, **asked).results[0].allocations[0]
    of_runs = scaling.optimal_allocation(grid, law="chinchilla", interval="none", **asked).results[0].allocations[0]
    assert of_saved.reach == pytest.approx(of_runs.reach, rel=1e-3)
    shared = {"law": "chinchilla", "by": "half", "share": "E", "replicates": 20, **asked}
    halves = grid.with_columns(half=pl.Series([str((i + i // 4) % 2) for i in range(grid.height)]))
    largest = dict(halves.group_by("half").agg((9 * pl.col("params") * pl.col("tokens")).max()).rows())
    for one in scaling.optimal_allocation(halves, **shared).results:
        split = one.allocations[0]
        assert split.reach == pytest.approx(split.compute / largest[one.group["half"]], rel=1e-3)
