"""Values of one step on different rows, and counters of tokens that start again."""

from __future__ import annotations

import polars as pl
import pytest

from tests.data.loading import load_runs

BATCH = 1e6  # tokens in a step
SIZES = {"a": 1e7, "b": 4e7, "c": 1.6e8}


def curves(steps=400, every=10, evaluated=50, step="step"):
    """Training rows with tokens, and evaluation rows without them."""
    rows = []
    for run, params in SIZES.items():
        for at in range(every, steps + 1, every):
            both = {"run_id": run, step: at}
            rows.append(both | {"tokens": at * BATCH, "params": params, "lr": 1e-3 / at, "train_loss": 3 + 1 / at})
            if at % evaluated == 0:
                rows.append(both | {"val_loss": 3.2 + 1 / at})
    return pl.DataFrame(rows)


def counted(rows, restarts, to=0.0):
    """The rows with a counter of tokens that starts again after these steps."""
    tokens = pl.col("tokens")
    for after in restarts:
        tokens = pl.when(pl.col("step") > after).then((pl.col("step") - after) * BATCH + to).otherwise(tokens)
    return rows.with_columns(pl.when(pl.col("tokens").is_not_null()).then(tokens).alias("tokens"))


def codes(loaded):
    return [caveat.code for caveat in loaded.caveats]


@pytest.mark.parametrize("order", ["as logged", "evaluations first", "shuffled"])
def test_an_evaluation_takes_tokens_and_params_from_the_row_of_its_step(order):
    rows = curves()
    if order == "evaluations first":
        rows = rows.sort("val_loss", nulls_last=True)
    if order == "shuffled":
        rows = rows.sample(fraction=1, shuffle=True, seed=0)
    loaded = load_runs(rows)
    assert loaded.frame.select("run_id", "params", "tokens").rows() == [
        (run, params, 400 * BATCH) for run, params in SIZES.items()
    ]
    assert loaded.frame["loss"].to_list() == pytest.approx([3.2 + 1 / 400] * 3)
    assert codes(loaded) == []


def test_an_evaluation_between_two_training_rows_takes_the_earlier_one():
    rows = curves().with_columns(
        pl.when(pl.col("val_loss").is_not_null()).then(pl.col("step") - 4).otherwise("step").alias("step")
    )
    assert load_runs(rows).frame["tokens"].to_list() == [390 * BATCH] * 3


def test_every_checkpoint_takes_its_own_tokens():
    loaded = load_runs(curves(), checkpoints="all")
    assert loaded.frame.filter(run_id="b")["tokens"].to_list() == [at * BATCH for at in range(50, 401, 50)]
    assert loaded.frame["params"].null_count() == 0


def test_a_condition_on_the_split_still_finds_tokens_on_rows_of_the_other():
    rows = (
        curves()
        .with_columns(
            pl.when(pl.col("val_loss").is_null()).then(pl.lit("train")).otherwise(pl.lit("val")).alias("split"),
            pl.coalesce("val_loss", "train_loss").alias("loss"),
        )
        .drop("val_loss", "train_loss")
    )
    for options in ({}, {"where": "split = 'val'"}):
        assert load_runs(rows, **options).frame.select("params", "tokens", "loss").rows() == [
            (params, 400 * BATCH, pytest.approx(3.2 + 1 / 400)) for params in SIZES.values()
        ]


def test_points_are_sampled_at_tokens_of_other_rows():
    loaded = load_runs(curves(), sample_at="tokens=100M,200M")
    assert loaded.frame["tokens"].to_list() == pytest.approx([100e6, 200e6] * 3)
    loaded = load_runs(curves(), checkpoints="all", skip_tokens="300M")
    assert loaded.frame["step"].unique().sort().to_list() == [300, 350, 400]


def test_values_that_never_change_may_stand_on_any_row():
    config = pl.DataFrame({"run_id": list(SIZES), "params": list(SIZES.values()), "step": [900] * 3})
    loaded = load_runs(pl.concat([curves().drop("params"), config.cast({"step": pl.Int64})], how="diagonal"))
    assert loaded.frame["params"].to_list() == list(SIZES.values())


def test_values_never_come_from_another_run_or_from_a_later_step():
    rows = curves().filter((pl.col("run_id") != "b") | pl.col("tokens").is_null())
    rows = rows.with_columns(pl.when((pl.col("run_id") != "c") | (pl.col("step") > 400)).then("tokens").alias("tokens"))
    assert load_runs(rows).frame["tokens"].to_list() == [400 * BATCH, None, None]


def test_log_calls_count_as_steps_only_where_nothing_else_does():
    rows = curves().with_row_index("_step")
    assert load_runs(rows).columns["step"] == "step"
    assert load_runs(rows.rename({"step": "trainer/global_step"})).columns["step"] == "trainer/global_step"
    loaded = load_runs(rows.drop("step"))
    assert loaded.columns["step"] == "_step"
    assert loaded.frame["tokens"].to_list() == [400 * BATCH] * 3
    assert "step" not in loaded.frame.columns
    kept = load_runs(rows.drop("step"), keep=["step"])
    assert "step" in kept.frame.columns
    assert "log-calls" in codes(kept)
    assert "log-calls" not in codes(load_runs(rows.drop("step"), keep=["step"], mapping={"step": "_step"}))
    bare = load_runs(rows.select("run_id", "_step", "val_loss"))
    assert "step" in bare.frame.columns
    assert "log-calls" in codes(bare)


@pytest.mark.sample(2)
@pytest.mark.parametrize("restarts", [(130,), (250,), (100, 220, 310)])
@pytest.mark.parametrize("is_dense", [False, True])
@pytest.mark.parametrize("checkpoints", ["final", "all", "best"])
def test_a_counter_that_starts_again_is_added_up(restarts, is_dense, checkpoints):
    rows = counted(curves(), restarts)
    if is_dense:
        rows = rows.drop("val_loss").drop_nulls()
    loaded = load_runs(rows, checkpoints=checkpoints)
    assert loaded.frame["tokens"].to_list() == pytest.approx((loaded.frame["step"] * BATCH).to_list())
    assert "tokens-restarted" in codes(loaded)
    assert "tokens-fall" not in codes(loaded)


def test_points_are_sampled_at_mended_tokens():
    loaded = load_runs(counted(curves(), (130,)), sample_at="tokens=200M")
    assert loaded.frame["loss"].to_list() == pytest.approx([3.2 + 1 / 200] * 3)
    assert "tokens-restarted" in codes(loaded)


def test_a_resumed_run_that_goes_over_some_steps_again_counts_them_once():
    rows = curves().drop("val_loss").drop_nulls()
    first, second = rows.filter(pl.col("step") <= 200), counted(rows, (160,)).filter(pl.col("step") > 160)
    loaded = load_runs(pl.concat([first, second]))
    assert loaded.frame["tokens"].to_list() == pytest.approx([400 * BATCH] * 3)


def test_a_fall_to_another_value_than_zero_is_named_and_not_mended():
    rows = counted(curves(), (200,), to=120e6)
    loaded = load_runs(rows)
    assert loaded.frame["tokens"].to_list() == pytest.approx([320 * BATCH] * 3)
    assert "tokens-fall" in codes(loaded)


@pytest.mark.parametrize("first", [0, 1])
def test_a_counter_that_never_falls_has_no_caveat(first):
    steps = range(first, 300 + first)
    rows = pl.DataFrame({"step": steps, "tokens": [(at + 1 - first) * BATCH for at in steps]})
    rows = rows.with_columns(pl.lit("r").alias("run_id"), (3 + 1 / (pl.col("tokens") / BATCH)).alias("loss"))
    ramp = rows.with_columns((pl.col("tokens") ** 1.5).alias("tokens"))
    fewer = rows.with_columns((pl.col("tokens") ** 0.9).alias("tokens"))
    assert [codes(load_runs(each)) for each in (rows, ramp, fewer)] == [[], [], []]


def test_a_log_of_millions_of_rows_is_thinned_out_and_still_mended(monkeypatch):
    monkeypatch.setattr("scaling_cli.data.runs.rows.token_counter.EXACT", 100)
    monkeypatch.setattr("scaling_cli.data.runs.rows.token_counter.BUCKETS", 50)
    loaded = load_runs(counted(curves(steps=20_000), (13_000,)))
    # A bucket of 400 steps hides at most that many steps before the restart.
    assert loaded.frame["tokens"].to_list() == pytest.approx([20_000 * BATCH] * 3, rel=400 / 20_000)


def test_rows_that_give_points_their_values_are_not_left_out():
    rows = curves().drop("train_loss")
    table = load_runs(rows)
    assert table.excluded == {}
    assert table.total == 24  # eight evaluations of three runs
    whole = curves(evaluated=10).with_columns(val_loss=pl.when(pl.col("step") > 50).then("val_loss"))
    assert load_runs(whole.drop("train_loss"), loss="val_loss").total > 0


def test_a_table_without_tokens_or_curves_is_left_as_it_is():
    rows = curves().drop("tokens")
    assert "tokens" not in load_runs(rows).frame.columns
    assert load_runs(rows.drop("step"), mapping={"run_id": "none"}).frame["params"].null_count() == 24


@pytest.mark.parametrize("options", [{"sample_at": f"tokens={100 * BATCH:g}"}, {"skip_tokens": f"{100 * BATCH:g}"}])
def test_amounts_on_other_rows_count_for_every_choice_by_tokens(options):
    table = load_runs(curves(), checkpoints="final" if "sample_at" in options else "all", **options)
    expected = [100.0] if "sample_at" in options else [float(step) for step in range(100, 401, 50)]
    assert table.frame["step"].to_list() == expected * 3
    assert table.frame["tokens"].to_list() == [step * BATCH for step in expected] * 3
