"""Runs that diverged are named, and left out where their loss ended as no number."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import DataError
from tests.data.loading import load_runs

RUNS, STEPS = 6, 40


def curves(noise=0.01, seed=0):
    """Six curves `a` to `f` that fall from about 5 to 3, with an evaluation at each of 40 steps."""
    generator = np.random.default_rng(seed)
    steps = np.arange(1, STEPS + 1) * 10
    return pl.concat(
        pl.DataFrame(
            {
                "run": "abcdef"[run],
                "step": steps,
                "params": 1e7 * 3.0**run,
                "loss": (2.5 - run / 10 + 8 / steps**0.5) * np.exp(generator.normal(0, noise, STEPS)),
            }
        )
        for run in range(RUNS)
    )


def codes(table):
    return [caveat.code for caveat in table.caveats]


def damaged(frame, first, value, run="b"):
    bad = (pl.col("run") == run) & (pl.col("step") > first)
    return frame.with_columns(pl.when(bad).then(value).otherwise("loss").alias("loss"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("form", ["frame", "csv", "text"])
@pytest.mark.parametrize("first", [390, 200])
def test_a_run_that_ends_without_a_finite_loss_is_named_and_left_out(value, form, first, tmp_path):
    frame = damaged(curves(), first, value)
    if form == "csv":
        frame.write_csv(tmp_path / "log.csv")
    if form == "text":
        frame = frame.with_columns(pl.col("loss").cast(pl.String))
    given = tmp_path / "log.csv" if form == "csv" else frame
    table = load_runs(given)
    assert sorted(table.frame["run_id"]) == list("acdef")
    assert codes(table) == ["rows-excluded", "diverged-runs"]
    assert "1 of 6 runs (b) end" in table.caveats[1].message
    kept = load_runs(given, keep_diverged=True)
    assert kept.frame.height == RUNS
    assert codes(kept) == ["rows-excluded", "kept-diverged"]


def test_runs_that_are_files_are_named_as_such(tmp_path):
    for (run,), part in damaged(curves(), 300, float("nan")).partition_by("run", as_dict=True).items():
        part.drop("run").write_csv(tmp_path / f"{run}.csv")
    assert "(b)" in load_runs(tmp_path).caveats[1].message


def test_a_run_that_recovered_counts():
    frame = curves().with_columns(
        pl.when((pl.col("run") == "b") & (pl.col("step") == 200)).then(float("nan")).otherwise("loss").alias("loss")
    )
    table = load_runs(frame)
    assert table.frame.height == RUNS
    assert codes(table) == ["rows-excluded"]


def test_nan_between_evaluations_means_that_none_was_made():
    frame = (
        curves()
        .with_columns(pl.when(pl.col("step") % 50 == 0).then("loss").otherwise(float("nan")).alias("loss"))
        .filter(pl.col("step") < 400)
    )
    table = load_runs(frame)
    assert table.frame.height == RUNS
    assert codes(table) == ["rows-excluded"]


def test_a_training_loss_that_is_no_number_after_the_last_evaluation_shows_divergence():
    frame = curves().with_columns(pl.col("loss").alias("train_loss"))
    is_evaluated = pl.col("step") % 50 == 0
    bad = (pl.col("run") == "b") & (pl.col("step") > 310)
    frame = frame.with_columns(
        pl.when(is_evaluated & ~bad).then("loss").alias("val_loss"),
        pl.when(bad).then(float("nan")).otherwise("train_loss").alias("train_loss"),
    ).drop("loss")
    table = load_runs(frame)
    assert sorted(table.frame["run_id"]) == list("acdef")
    assert codes(table) == ["rows-excluded", "diverged-runs"]
    assert table.excluded == {"non-finite loss": 9}


@pytest.mark.parametrize("keep", [False, True])
def test_a_log_in_which_every_run_diverged_is_refused_unless_they_are_kept(keep):
    frame = damaged(curves().filter(pl.col("run") == "b"), 300, float("nan"))
    if keep:
        assert load_runs(frame, keep_diverged=True).frame.height == 1
    else:
        with pytest.raises(DataError, match="The only run ends with a loss that is not a finite number") as caught:
            load_runs(frame)
        assert "--keep-diverged" in caught.value.hint


@pytest.mark.parametrize("factor", [1.6, 3.0])
@pytest.mark.parametrize("first", [390, 300])
def test_a_run_that_ends_far_above_its_past_is_named(factor, first):
    table = load_runs(damaged(curves(), first, pl.col("loss") * factor))
    assert table.frame.height == RUNS
    assert codes(table) == ["risen-loss"]
    assert "1 of 6 runs (b) end" in table.caveats[0].message


@pytest.mark.parametrize("seed", range(10))
def test_noisy_curves_and_metrics_that_grow_have_not_risen(seed):
    assert codes(load_runs(curves(noise=0.05, seed=seed))) == []
    growing = curves(noise=0.05, seed=seed).with_columns((1 / pl.col("loss")).alias("loss"))
    assert "risen-loss" not in codes(load_runs(growing))


@pytest.mark.parametrize("which", ["all", "best"])
def test_a_run_that_diverged_is_left_out_whichever_rows_are_the_points(which):
    rows = damaged(curves(), 30, float("nan"))
    table = load_runs(rows, checkpoints=which)
    assert "b" not in table.frame["run_id"]
    assert "diverged-runs" in codes(table)
    kept = load_runs(rows, checkpoints=which, keep_diverged=True)
    assert "b" in kept.frame["run_id"]
    assert "kept-diverged" in codes(kept)
    assert not {"diverged-runs", "risen-loss"} & set(codes(load_runs(curves(), checkpoints=which)))
