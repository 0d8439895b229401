"""Cells that the row before says: steps of evaluations, and amounts that a condition names."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.data.runs.plan import make_plan
from scaling_cli.data.runs.rows.gaps import with_named, with_steps
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.errors import ScalingError
from tests.data.loading import load_runs
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


@pytest.mark.parametrize(("lacking", "is_filled"), [(9, True), (8, False)])
def test_nine_in_ten_losses_without_a_step_are_a_habit_of_the_log(lacking, is_filled):
    losses = [
        {"run": "a", "step": None if place < lacking else 500 + place, "loss": 3.0 - place / 20} for place in range(10)
    ]
    train = [{"run": "a", "step": 10 * place, "loss": None} for place in range(10)]
    rows = [row for pair in zip(train, losses, strict=True) for row in pair]
    frame = pl.DataFrame(rows, schema={"run": pl.String, "step": pl.Int64, "loss": pl.Float64})
    found = load_runs(frame)
    said = [caveat.message for caveat in found.caveats if caveat.code == "steps-from-rows-before"]
    assert bool(said) == is_filled
    if is_filled:
        assert "9 of 10" in said[0]
        assert found.frame["step"].to_list() == [509.0]


def test_steps_come_from_the_rows_of_the_same_run():
    rows = {"run": ["a", "b", "a", "b"], "step": [10, 99, None, None], "loss": [None, None, 3.0, 2.0]}
    assert load_runs(pl.DataFrame(rows)).frame.select("run_id", "step").rows() == [("a", 10.0), ("b", 99.0)]


def test_a_log_without_any_step_or_loss_in_its_plan_stays():
    frame = pl.DataFrame({"loss": [1.0], "step": [None]})
    plan = make_plan(["loss", "step"], {}, [], [])
    assert with_steps(LogRows(frame.lazy(), frame.schema, plan)).caveats == ()
    bare = make_plan(["loss"], {}, [], [])
    assert with_steps(LogRows(frame.lazy(), frame.schema, bare)).caveats == ()


CELLS = pl.DataFrame({
    "run": ["a", "a", "a", "b", "b"],
    "step": [1, 1, 2, 1, 2],
    "tokens": [None, 10.0, None, 7.0, None],
    "size": [None, None, "5", None, None],
    "loss": [3.0, None, 2.0, None, 1.0],
})  # fmt: skip


def named(condition, frame=CELLS, **mapping):
    plan = make_plan(frame.columns, mapping, [], [])
    return with_named(LogRows(frame.lazy(), frame.schema, plan), condition).frame.collect()


def test_amounts_come_from_the_same_step_then_from_before_then_from_the_run():
    assert named("tokens > 1")["tokens"].to_list() == [10.0, 10.0, 10.0, 7.0, 7.0]
    assert named("size > 1", params="size")["size"].to_list() == ["5", None, "5", None, None]
    assert named("params > 1", params="size")["size"].to_list() == ["5", None, "5", None, None]


@pytest.mark.parametrize(
    "condition", ["loss > 1", "run = 'a'", "tokens_b > 1", "a.tokens > 1", "tokens IS NULL", "step > 0"]
)
def test_what_a_condition_does_not_name_or_what_lacks_nothing_stays(condition):
    assert named(condition).equals(CELLS)


def test_compute_brings_the_amounts_that_it_is_made_of():
    frame = CELLS.with_columns(params=pl.Series([1.0, 1.0, None, 2.0, None]))
    found = named("compute > 1", frame.drop("size"))
    assert found["tokens"].to_list() == [10.0, 10.0, 10.0, 7.0, 7.0]
    assert found["params"].to_list() == [1.0, 1.0, 1.0, 2.0, 2.0]


def test_a_row_of_the_same_step_counts_before_one_of_an_earlier_step():
    cells = pl.DataFrame({
        "run": ["a"] * 4, "step": [1, 1, 2, 2], "tokens": [None, 10.0, None, 20.0], "loss": [3.0, None, 2.0, None],
    })  # fmt: skip
    assert named("tokens > 1", cells)["tokens"].to_list() == [10.0, 10.0, 20.0, 20.0]
    assert named("tokens > 1", cells.drop("step"))["tokens"].to_list() == [None, 10.0, 10.0, 20.0]


def codes(rows, **options):
    return {each.code: each.message for each in load_runs(rows, **options).caveats}


@pytest.mark.parametrize(
    ("steps", "is_said"),
    [
        ([100, 200, 300, 400, 79, 500, 600, 700, 800, 900], True),
        ([100, 200, 300, 400, 80, 500, 600, 700, 800, 900], False),  # a fifth of the step before is not near 0
        ([100, 200, 300, 400, 10], True),
        ([100, 200, 300, 10], False),  # one restart in five rows at most
        ([100, 200, 300, 400, 10, 20, 15, 30, 40, 50], False),  # steps that fall elsewhere have no order
        ([100, 200, 300, 400, 500], False),
    ],
)
def test_a_run_whose_steps_start_again_near_zero_is_counted(steps, is_said):
    part = pl.DataFrame({"run": "a", "step": steps, "loss": [4 - 0.1 * place for place in range(len(steps))]})
    other = pl.DataFrame({"run": "b", "step": [100, 200, 300], "loss": [4.0, 3.9, 3.8]})
    said = codes(pl.concat([part, other]).with_columns(params=1e8))
    assert ("steps-restarted" in said) == is_said
    if is_said:
        assert "1 of 2 runs" in said["steps-restarted"]


def test_a_factor_that_changes_within_a_run_is_counted():
    rows = log().with_columns(batch=pl.when((pl.col("step") > 3000) & (pl.col("run") < "r2")).then(512).otherwise(256))
    said = codes(rows, tokens="step * batch * 2048")
    assert "batch" in said["changing-factor"]
    assert "2 of 6 runs" in said["changing-factor"]
    assert "changing-factor" not in codes(rows, tokens="batch * 2048")
    by_run = rows.with_columns(batch=pl.when(pl.col("run") < "r2").then(512).otherwise(256))
    assert "changing-factor" not in codes(by_run, tokens="step * batch * 2048")
