"""Logs without a step: another column orders the rows of a run, or a caveat says that none does."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

import polars as pl
import pytest

from scaling_cli.data.runs.plan import make_plan
from scaling_cli.data.runs.rows import row_order
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.data.runs.rows.row_order import LAST_PLACE, place_of
from tests.data.loading import load_runs

SIZES = (1e7, 3e7, 1e8)


def rows(order, name="epoch", run="run", **columns):
    """Three runs of six rows, whose loss falls to 3 + run / 10, in an order that is not that of the file."""
    return pl.DataFrame(
        [
            {run: f"m{i}", "params": size, "loss": 3 + i / 10 + (5 - place), name: order(place)} | columns
            for i, size in enumerate(SIZES)
            for place in (3, 5, 0, 1, 4, 2)
        ]
    )


def codes(table):
    return [caveat.code for caveat in table.caveats]


ORDERS = {
    "epoch": lambda place: place,
    "trainer/epoch": lambda place: place,
    "iter": lambda place: 100 * place,
    "step": lambda place: f"step{10**place}",
    "global_step": lambda place: f"checkpoint-{100 * place}",
    "revision": lambda place: "main" if place == 5 else f"step{10**place}",
    "checkpoint": lambda place: f"out/checkpoint-{500 * place}",
    "ckpt": lambda place: f"epoch={place}-step={900 + 100 * place}.ckpt",
    "date": lambda place: f"2026-01-{9 + place:02d}",
    "timestamp": lambda place: f"2026-01-01 10:{9 + place:02d}:00",
}


@pytest.mark.parametrize("name", ORDERS)
def test_the_last_row_of_each_run_counts_whatever_orders_them(name):
    table = load_runs(rows(ORDERS[name], name))
    assert sorted(table.frame["loss"]) == pytest.approx([3.0, 3.1, 3.2])
    assert codes(table) == []


@pytest.mark.parametrize("name", ["epoch", "revision", "date"])
def test_files_without_names_of_runs_are_ordered_too(name, tmp_path):
    for (run,), part in rows(ORDERS[name], name).partition_by("run", as_dict=True).items():
        part.drop("run").write_csv(tmp_path / f"{run}.csv")
    table = load_runs(tmp_path)
    assert dict(table.frame.select("run_id", "loss").iter_rows()) == pytest.approx({"m0": 3.0, "m1": 3.1, "m2": 3.2})


@pytest.mark.parametrize("run", ["model", "model_name", "config/model"])
def test_revisions_of_one_model_are_one_run(run):
    table = load_runs(rows(ORDERS["revision"], "revision", run=run))
    assert sorted(table.frame["loss"]) == pytest.approx([3.0, 3.1, 3.2])


@pytest.mark.parametrize("name", ["epoch", "checkpoint"])
def test_epochs_of_one_size_without_a_name_are_one_run(name):
    table = load_runs(rows(ORDERS[name], name).drop("run"))
    assert sorted(table.frame["loss"]) == pytest.approx([3.0, 3.1, 3.2])
    assert codes(table) == ["inferred-runs"]


def test_checkpoints_of_one_size_without_a_name_that_may_be_runs_are_named():
    assert codes(load_runs(rows(ORDERS["revision"], "revision").drop("run"))) == ["unnamed-runs"]


def test_rows_that_nothing_orders_are_named():
    table = load_runs(rows(lambda place: "x", "note"))
    assert codes(table) == ["unordered-rows"]
    assert "18 rows belong to 3 runs" in table.caveats[0].message
    assert "--step COLUMN" in table.caveats[0].message


def test_the_hint_to_order_by_tokens_works():
    frame = rows(lambda place: 1e9 * (place + 1), "tokens")
    assert "--step tokens" in load_runs(frame).caveats[0].message
    table = load_runs(frame, mapping={"step": "tokens"})
    assert codes(table) == []
    assert sorted(table.frame["loss"]) == pytest.approx([3.0, 3.1, 3.2])


def test_rows_of_several_sizes_under_one_name_are_finished_runs():
    frame = pl.DataFrame(
        {"run": ["a"] * 3 + ["b"] * 3, "params": [*SIZES, *SIZES], "loss": [4.0, 3.5, 3.0, 4.1, 3.6, 3.1]}
    )
    table = load_runs(frame)
    assert codes(table) == []
    assert table.frame.height == 6


def test_points_along_a_column_that_was_asked_for_need_no_order():
    assert codes(load_runs(rows(lambda place: 2.0**place, "examples"), keep=["examples"])) == []
    assert codes(load_runs(rows(lambda place: "x", "note"), by=["run"])) == []
    assert codes(load_runs(rows(lambda place: "x", "note"), checkpoints="all")) == ["mid-schedule"]


def test_a_file_that_is_a_table_of_runs_holds_as_many_runs_as_rows(tmp_path):
    for name, shift in (("adamw", 0.0), ("muon", 0.1)):
        losses = [4 - shift, 3.5 - shift, 3 - shift]
        pl.DataFrame({"params": SIZES, "loss": losses}).write_csv(tmp_path / f"{name}.csv")
    table = load_runs(tmp_path)
    assert table.frame["run_id"].n_unique() == 6


@pytest.mark.parametrize("has_steps", [True, False])
def test_seeds_under_one_name_are_runs_of_their_own(has_steps):
    steps = (10, 20) if has_steps else (20,)
    frame = pl.DataFrame(
        [
            {"run": f"m{i}", "seed": seed, "step": step, "params": size, "loss": 3 + i + seed / 100 + 20 / step}
            for i, size in enumerate(SIZES)
            for seed in (1, 2, 3)
            for step in steps
        ]
    )
    table = load_runs(frame if has_steps else frame.drop("step"))
    assert table.frame.height == 9
    assert table.frame["run_id"].n_unique() == 9
    assert "m0 seed 1" in table.frame["run_id"].to_list()
    assert codes(table) == []


def test_a_run_that_was_resumed_with_another_seed_is_one_run():
    frame = pl.DataFrame({"run": "a", "seed": [1, 1, 2, 2], "step": [1, 2, 3, 4], "loss": [5.0, 4.0, 3.0, 2.0]})
    assert load_runs(frame).frame["loss"].to_list() == [2.0]


def test_places_are_read_from_text():
    texts = ["stage2-step100-tokens1B", "stage1-step5000", "main", "v", "checkpoint_1,500", "3B tokens", "12"]
    frame = pl.DataFrame({"revision": texts})
    places = frame.select(place_of("revision", frame.schema)).to_series().to_list()
    assert places == [2e13 + 100, 1e13 + 5000, LAST_PLACE, None, 1500, 3e9, 12]


@pytest.mark.parametrize("key", ["model_args", "model_revision"])
def test_evaluations_of_several_revisions_of_a_model_are_one_run(key, tmp_path):
    for i, size in enumerate(SIZES):
        for place, revision in enumerate(["main", "step1000", "step8000"]):
            config = {"model_args": f"pretrained=lab/m{i}", "model_num_parameters": int(size)}
            config |= {key: revision if key == "model_revision" else f"pretrained=lab/m{i},revision={revision},x=1"}
            results = {"wiki": {"alias": "wiki", "loss,none": 3 + i / 10 + (0 if place == 0 else 5 - place)}}
            document = {"results": results, "config": config, "model_name": f"lab/m{i}"}
            (tmp_path / f"{i}-{place}.json").write_text(json.dumps(document))
    table = load_runs(tmp_path, mapping={"loss": "wiki/loss"})
    assert sorted(table.frame["loss"]) == pytest.approx([3.0, 3.1, 3.2])
    assert codes(table) == []


def test_a_run_without_steps_among_runs_with_steps_is_named():
    frame = rows(lambda place: 10 * place, "step")
    lacking = frame.with_columns(pl.when(pl.col("run") != "m1").then("step").alias("step"))
    table = load_runs(lacking)
    assert codes(table) == ["unordered-rows"]
    assert "6 rows belong to 1 run with" in table.caveats[0].message
    finished = lacking.filter((pl.col("run") != "m1") | (pl.col("loss") < 3.5))
    assert codes(load_runs(finished)) == []


def placed(values, kind=None):
    frame = pl.DataFrame({"x": pl.Series(values, dtype=kind)})
    return frame.with_columns(place_of("x", frame.schema).alias("place"))["place"].to_list()


@pytest.mark.parametrize(
    ("values", "kind", "places"),
    [
        ([3, 1], pl.Int64, [3.0, 1.0]),
        ([0.5, float("nan")], pl.Float64, [0.5, None]),
        ([True, False], pl.Boolean, [None, None]),
        ([datetime(1970, 1, 1, 0, 0, 2)], pl.Datetime("ms"), [2.0]),
        ([date(1970, 1, 2)], pl.Date, [86400.0]),
        ([time(1, 2)], pl.Time, [None]),
        ([timedelta(seconds=1)], pl.Duration, [None]),
        (["1970-01-01 00:01", "1970-01-01T00:00:00.5", "1970-01-01T00:00:03Z"], pl.String, [60.0, 0.5, 3.0]),
        (["step 5 of epoch 2", "ckpt-7", "ep3", "2B_tokens", "FINAL"], pl.String, [5.0, 7.0, 3.0, 2e9, LAST_PLACE]),
        (["stage 3 iter 4", "stage2"], pl.String, [3e13 + 4, None]),
        (["10", "final"], pl.String, [10.0, LAST_PLACE]),
    ],
)
def test_the_place_of_every_type_of_cell(values, kind, places):
    assert placed(values, kind) == places


@pytest.mark.parametrize(
    ("steps", "has_words"),
    [
        (["step1", "step20"], True),
        (["step1", "20"], False),
        (["step1", "x"], False),
        (["", None], False),
        ([1, 2], False),
    ],
)
def test_steps_in_words_are_all_in_words(steps, has_words):
    frame = pl.DataFrame({"step": steps})
    assert (
        row_order._has_words(LogRows(frame.lazy(), frame.schema, make_plan(["step", "loss"], {}, [], [])), "step")
        == has_words
    )


@pytest.mark.parametrize(("differing", "is_order"), [(2, True), (1, False)])
def test_a_column_orders_if_it_differs_within_half_of_the_runs(differing, is_order):
    frame = rows(lambda place: place, "epoch")
    frame = pl.concat([frame, frame.filter(pl.col("run") == "m2").with_columns(run=pl.lit("m3"), params=3e8)])
    same = pl.col("run").str.slice(1).cast(int) >= differing
    table = load_runs(frame.with_columns(epoch=pl.when(same).then(0).otherwise("epoch")))
    assert ("unordered-rows" not in codes(table)) == is_order


def test_the_best_name_orders():
    frame = rows(lambda place: place, "epoch").with_columns(date=-pl.col("epoch"))
    assert sorted(load_runs(frame).frame["loss"]) == pytest.approx([3.0, 3.1, 3.2])


def test_models_are_only_runs_if_checkpoints_order_them_and_no_run_was_named():
    by_date = rows(ORDERS["date"], "date", run="model")
    assert load_runs(by_date).frame.height == 18
    revisions = rows(ORDERS["revision"], "revision", run="model")
    assert load_runs(revisions, mapping={"run_id": "none"}).frame.height == 18
    assert load_runs(revisions, checkpoints="all").frame.height == 18


def test_rows_of_equal_losses_or_one_row_need_no_order():
    one = rows(lambda place: "x", "note").group_by("run", maintain_order=True).first()
    assert codes(load_runs(one)) == []
    equal = rows(lambda place: "x", "note").with_columns(loss=pl.lit(3.0))
    assert "unordered-rows" not in codes(load_runs(equal))


@pytest.mark.parametrize(("kinds", "is_named"), [(6, True), (1, False)])
def test_a_column_in_which_the_rows_of_each_run_differ_is_offered(kinds, is_named):
    frame = rows(lambda place: f"set{place % kinds}", "eval data")
    (said,) = [each.message for each in load_runs(frame).caveats if each.code == "unordered-rows"]
    assert ("They differ in 'eval data'" in said) == is_named


@pytest.mark.parametrize(("words", "is_named"), [(40, True), (41, False)])
def test_a_column_of_more_than_forty_words_is_no_kind(words, is_named):
    sizes = [4] * 9 + [words - 36]
    frame = pl.concat(
        pl.DataFrame({
            "run": f"m{i}",
            "params": 1e7,
            "loss": [4.0 - j / 10 for j in range(size)],
            "note": [f"{i}-{j}" for j in range(size)],
        })
        for i, size in enumerate(sizes)
    )  # fmt: skip
    (said,) = [each.message for each in load_runs(frame).caveats if each.code == "unordered-rows"]
    assert ("They differ in note" in said) == is_named
