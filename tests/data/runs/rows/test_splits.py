"""Rows of several splits in one log."""

from __future__ import annotations

import shlex

import polars as pl
import pytest

from scaling_cli.data.runs.rows import splits
from scaling_cli.data.runs.rows.splits import flag_of, kind_of, names_splits
from tests.data.loading import load_runs
from tests.grids import one_of_each

GAP = 0.15  # by which validation losses lie above training losses


def table(column, train, evaluation, *, runs=4, steps=20, step_of_last_evaluation=15):
    """Curves with a training row at every step, and an evaluation row at every fifth one."""
    rows = []
    for run in range(runs):
        for step in range(1, steps + 1):
            row = {"run_id": f"r{run}", "step": step, "params": 1e7 * 2**run, "tokens": step * 1e6}
            rows.append(row | {column: train, "loss": 3.0 + 1 / step})
            if evaluation and step % 5 == 0 and step <= step_of_last_evaluation:
                rows.append(row | {column: evaluation, "loss": 3.0 + GAP + 1 / step})
    return pl.DataFrame(rows)


def split_caveats(loaded):
    return [caveat.message for caveat in loaded.caveats if caveat.code == "several-splits"]


COLUMNS = ("mode", "Split", "phase", "stage", "subset", "partition", "data/split", "split_name", "type", "kind")
WORDS = (("train", "val"), ("TRAIN", "Validation"), ("training", "eval"), ("train", "test"))


@pytest.mark.parametrize(
    ("column", "train", "evaluation"),
    one_of_each(
        [(column, *words) for column in COLUMNS for words in WORDS],
        name="{}-{}-{}".format,
        kind=lambda column, train, evaluation: column,
    ),
)
def test_only_rows_of_the_evaluation_split_become_points(column, train, evaluation):
    loaded = load_runs(table(column, train, evaluation))
    assert loaded.frame["step"].to_list() == [15.0] * 4
    assert loaded.frame["loss"].to_list() == pytest.approx([3.0 + GAP + 1 / 15] * 4)
    (message,) = split_caveats(loaded)
    (condition,) = shlex.split(message.partition("--where ")[2].partition(" if that")[0])
    assert load_runs(table(column, train, evaluation), where=condition).frame.equals(loaded.frame)


@pytest.mark.sample
@pytest.mark.parametrize("kind", [pl.Boolean, pl.Int64, pl.String, pl.Float64])
@pytest.mark.parametrize(
    ("column", "of_evaluation"), [("is_val", 1), ("is_train", 0), ("data/is_test", 1), ("evaluation", 1)]
)
def test_rows_of_evaluation_may_be_marked_by_true_and_false(column, of_evaluation, kind):
    marks = pl.when(pl.col("mode") == "val").then(of_evaluation).otherwise(1 - of_evaluation).cast(pl.Boolean)
    rows = table("mode", "train", "val").with_columns(marks.cast(kind).alias(column)).drop("mode")
    loaded = load_runs(rows)
    assert loaded.frame["loss"].to_list() == pytest.approx([3.0 + GAP + 1 / 15] * 4)
    (message,) = split_caveats(loaded)
    (condition,) = shlex.split(message.partition("--where ")[2].partition(" if that")[0])
    assert load_runs(rows, where=condition).frame.equals(loaded.frame)


def test_what_the_caveat_says_to_write_chooses_the_split_and_ends_the_caveat():
    rows = table("mode", "train", "val")
    for split, step in (("val", 15.0), ("train", 20.0)):
        loaded = load_runs(rows, where=f"mode = '{split}'")
        assert loaded.frame["step"].to_list() == [step] * 4
        assert not split_caveats(loaded)


def test_validation_comes_before_test_and_one_of_several_validation_sets_is_used():
    rows = table("split", "test", "val")
    assert load_runs(rows).frame["step"].to_list() == [15.0] * 4
    other = table("split", "val_c4", None).with_columns(pl.col("loss") + 1)
    loaded = load_runs(pl.concat([rows, other]))
    assert loaded.frame["loss"].to_list() == pytest.approx([4.05] * 4)
    assert "not those of test, val" in split_caveats(loaded)[0]


@pytest.mark.parametrize(
    "rows",
    [
        table("split", "val", None),
        table("split", "train", None),
        table("stage", "pretraining", "annealing"),
        table("optimizer", "train", "val"),
        table("split", "train", "val").with_columns(
            pl.when(pl.col("split") == "val").then("loss").alias("val_loss"),
            pl.when(pl.col("split") == "train").then("loss").alias("loss"),
        ),
    ],
    ids=["one split", "training only", "not splits", "another column", "losses in two columns"],
)
def test_a_log_that_does_not_mix_splits_has_no_caveat(rows):
    assert not split_caveats(load_runs(rows))


@pytest.mark.parametrize("names", [("step", "tokens"), ("at", "seen")])
def test_points_of_one_curve_that_are_set_aside_for_forecasts_are_all_used(names):
    rows = table("split", "train", None)
    later = pl.when(pl.col("step") > 15).then(pl.lit("test")).otherwise("split").alias("split")
    rows = rows.with_columns(later).rename(dict(zip(("step", "tokens"), names, strict=True)))
    loaded = load_runs(rows, checkpoints="all")
    assert loaded.frame.height == rows.height
    assert not split_caveats(loaded)
    grouped = load_runs(rows.rename({"run_id": "curve"}), by=["curve"], checkpoints="all")
    assert grouped.frame.height == rows.height


def test_groups_by_split_keep_both():
    loaded = load_runs(table("split", "train", "val"), by=["split"])
    assert sorted(loaded.frame["split"].unique()) == ["train", "val"]
    assert not split_caveats(loaded)


@pytest.mark.parametrize(
    ("value", "kind"), [("Val", 0), ("valid/c4", 0), ("held-out", 0), ("test_a", 1), ("train-clean", 2), ("adam", None)]
)
def test_values_are_understood(value, kind):
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("column", "is_named"),
    [
        ("split", True),
        ("data/split", True),
        ("split_name", True),
        ("eval loss type", True),
        ("split_of", False),
        ("data", False),
        ("name", False),
        ("is_val", True),
        ("validation", True),
        ("config.is_train", True),
        ("my_split", False),
        ("is_big", False),
    ],
)
def test_columns_that_name_splits(column, is_named):
    assert names_splits(column) == is_named


@pytest.mark.parametrize(
    ("column", "splits"),
    [
        ("is_val", ("validation", "train")),
        ("is_test", ("test", "train")),
        ("train", ("train", "validation")),
        ("data/is_train", ("train", "validation")),
        ("eval", ("validation", "train")),
        ("split", None),
        ("was_val", None),
        ("is", None),
    ],
)
def test_flags_stand_for_a_split_and_its_opposite(column, splits):
    assert flag_of(column) == splits


@pytest.mark.parametrize(
    ("counts", "best"),
    [
        ({"train": 9, "val": 1}, "val"),
        ({"train": 9, "test": 5, "val": 1}, "val"),
        ({"train": 9, "test": 1}, "test"),
        ({"val_a": 1, "val_b": 2}, "val_b"),
        ({"val_b": 2, "val_a": 2}, "val_a"),
        ({"train": 9, "train_clean": 1}, None),
        ({"val": 9}, None),
        ({"val": 9, "other": 1}, None),
        ({}, None),
    ],
)
def test_the_best_kind_of_split_with_the_most_rows_is_used(counts, best):
    assert splits._best(counts) == best


@pytest.mark.parametrize(("steps", "is_curve"), [(3, True), (2, False)])
def test_three_evaluations_beyond_the_training_rows_are_points_of_the_curve(steps, is_curve):
    last = 20 - steps
    rows = table("split", "train", None).with_columns(
        split=pl.when(pl.col("step") > last).then(pl.lit("test")).otherwise("split")
    )
    assert bool(split_caveats(load_runs(rows, checkpoints="all"))) != is_curve


def test_every_run_must_have_its_evaluations_beyond_its_training():
    rows = table("split", "train", None)
    one = (pl.col("run_id") == "r0") & (pl.col("step") == 1)
    later = pl.when((pl.col("step") > 15) | one).then(pl.lit("test")).otherwise("split")
    assert split_caveats(load_runs(rows.with_columns(split=later), checkpoints="all"))


@pytest.mark.parametrize(("values", "is_split"), [(98, True), (99, False)])
def test_a_column_of_very_many_values_names_no_splits(values, is_split):
    rows = table("split", "train", "val", runs=4, steps=40)
    place = pl.int_range(pl.len()).over("split")
    odd = pl.when(pl.col("split").eq("train") & (place < values)).then(pl.format("s{}", place)).otherwise("split")
    assert bool(split_caveats(load_runs(rows.with_columns(split=odd)))) == is_split


def test_the_caveat_counts_the_rows_with_a_loss_and_lists_the_other_splits():
    rows = pl.concat([table("split", "train", "val"), table("split", "test", None)])
    (message,) = split_caveats(load_runs(rows))
    assert "12 of 172 rows" in message
    assert "test, train" in message


def test_columns_that_are_grouped_or_kept_are_left_alone():
    rows = table("split", "train", "val")
    assert not split_caveats(load_runs(rows, keep=["split"]))
    assert not split_caveats(load_runs(rows.with_columns(split=1)))  # a number that is no flag
