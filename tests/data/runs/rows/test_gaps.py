"""Cells that the row before says: steps of evaluations, and amounts that a condition names."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError
from tests.grids import one_in

E, B, BETA = 1.8, 900.0, 0.32


def log(runs=6, steps=4):
    """Rows of training with their loss on held-out text, in the order of training."""
    rows = [
        {"run": f"r{run}", "step": 1000 * step, "params": 1e8 * 2**run, "tokens": 2e9 * 2**run * step}
        for run in range(runs)
        for step in range(1, steps + 1)
    ]
    frame = pl.DataFrame(rows)
    loss = E + B * frame["tokens"].to_numpy() ** -BETA + 50 * frame["params"].to_numpy() ** -0.3
    return frame.with_columns(loss=pl.Series(loss))


def split_rows(frame, *, train_first=True, keeps_step=True):
    """Each row as two: one of training with tokens, and one of evaluation with neither tokens nor, perhaps, a step."""
    train = frame.with_columns(pl.lit(None, pl.Float64).alias("val_loss"), pl.col("loss") * 0.97).rename(
        {"loss": "train_loss"}
    )
    step = pl.col("step") if keeps_step else pl.lit(None, pl.Int64).alias("step")
    empty = [pl.lit(None, pl.Float64).alias(name) for name in ("params", "tokens", "train_loss")]
    evaluation = train.with_columns(step, *empty, val_loss=frame["loss"])
    parts = [train, evaluation] if train_first else [evaluation, train]
    rows = pl.concat([part.with_row_index("place").with_columns(order=pl.lit(n)) for n, part in enumerate(parts)])
    return rows.sort("place", "order").drop("place", "order")


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_evaluations_without_a_step_take_it_from_the_row_before(tmp_path, suffix):
    path = tmp_path / f"log.{suffix}"
    rows = split_rows(log(), keeps_step=False)
    {"csv": rows.write_csv, "jsonl": rows.write_ndjson, "parquet": rows.write_parquet}[suffix](path)
    read = scaling.columns(path)
    assert "steps-from-rows-before" in {caveat.code for caveat in read.caveats}
    assert "unordered-rows" not in {caveat.code for caveat in read.caveats}
    fit = scaling.fit(path, law="power-constant", x="tokens", interval="none")
    right = scaling.fit(log(), law="power-constant", x="tokens", interval="none")
    assert fit["b"].estimate == pytest.approx(right["b"].estimate, rel=1e-9)
    assert fit.results[0].points == 6


def test_a_summary_row_without_a_step_is_no_log_of_evaluations():
    rows = log()
    summary = rows.group_by("run", maintain_order=True).last().with_columns(pl.lit(None, pl.Int64).alias("step"))
    found = scaling.columns(pl.concat([rows, summary.select(rows.columns)])).caveats
    assert "steps-from-rows-before" not in {caveat.code for caveat in found}


@pytest.mark.parametrize("name", ["steps", "all", "loss"])
def test_columns_may_have_any_name(name):
    rows = log().rename({"loss": name})
    found = scaling.columns(rows, loss=name, where="tokens > 1e9").caveats
    assert "steps-from-rows-before" not in {caveat.code for caveat in found}


@pytest.mark.parametrize("train_first", [True, False])
@pytest.mark.parametrize(
    "condition",
    one_in(
        2,
        [
            "tokens > 5e9",
            "step >= 2000",
            "params > 1.5e8",
            "compute > 1e19",
            "tokens > 3e9 AND step >= 2000",
            "tokens BETWEEN 5e9 AND 6e10",
        ],
    ),
)
def test_a_condition_on_an_amount_of_another_row_keeps_the_same_points(condition, train_first):
    wanted = scaling.fit(log(8), law="power-constant", x="tokens", interval="none", where=condition)
    rows = split_rows(log(8), train_first=train_first)
    found = scaling.fit(rows, law="power-constant", x="tokens", interval="none", where=condition)
    assert found.results[0].points == wanted.results[0].points
    assert np.isclose(found["b"].estimate, wanted["b"].estimate, rtol=1e-9)


def test_a_condition_on_emptiness_is_about_the_cells_as_they_are():
    rows = split_rows(log())
    with pytest.raises(ScalingError, match="No row"):
        scaling.fit(rows, where="tokens IS NOT NULL", loss="val_loss")
