"""Rows under canonical names, and points under their final ones."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.canonical import (
    AFTER_GROUP,
    BEFORE_SEED,
    PREFIX,
    RUN_FILE,
    canonical,
    finished,
    role_values,
    run_of,
    unreadable_cells,
)
from scaling_cli.data.runs.plan import make_plan
from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import replace


def planned(frame, mapping=None, by=(), keep=(), **changes):
    return replace(make_plan(frame.columns, mapping or {}, by, keep), **changes)


def rows_of(frame, plan, **options):
    rows, unreadable = canonical(frame.lazy(), frame.schema, plan, **options)
    return rows.collect(), unreadable


def test_text_becomes_numbers_in_base_units_and_a_flag_marks_what_is_none():
    frame = pl.DataFrame({"params (M)": ["70", "x", "", "1k"], "tokens": [1, 2, 3, 4], "loss": [1.0, 2.0, 3.0, 4.0]})
    rows, unreadable = rows_of(frame, planned(frame))
    assert unreadable == ("params",)
    assert rows["params"].to_list() == [7e7, None, None, 1e9]
    assert rows["unreadable_params"].to_list() == [False, True, False, False]
    assert rows["tokens"].to_list() == [1.0, 2.0, 3.0, 4.0]
    assert rows.columns == ["params", "tokens", "loss", "unreadable_params"]
    reasons = ("unreadable params", "unreadable tokens", "no loss")
    assert unreadable_cells(frame.lazy(), planned(frame), reasons) == {"unreadable params": "x"}


def test_the_log_is_taken_of_a_perplexity_only():
    frame = pl.DataFrame({"loss": [1.0]})
    assert rows_of(frame, planned(frame))[0]["loss"].item() == 1.0
    assert rows_of(frame, planned(frame, takes_log=True))[0]["loss"].item() == 0.0


@pytest.mark.parametrize(("keeps", "kind"), [(True, pl.Int64), (False, pl.Float64)])
def test_whole_steps_stay_whole_if_asked(keeps, kind):
    frame = pl.DataFrame({"run": ["a"], "step": pl.Series([5], dtype=pl.UInt8), "loss": [1.0]})
    assert rows_of(frame, planned(frame), keeps_whole_steps=keeps)[0]["step"].dtype == kind
    fractional = frame.with_columns(pl.col("step").cast(pl.Float64))
    assert rows_of(fractional, planned(fractional), keeps_whole_steps=True)[0]["step"].dtype == pl.Float64


def test_groups_and_columns_to_keep_have_names_of_their_own():
    frame = pl.DataFrame({"loss": [1.0], "opt": ["adam"], "width": [64.0], "note": [" x "], "flag": [True]})
    rows, _ = rows_of(frame, planned(frame, by=["opt"], keep=["width", "note"]), flags=("flag",))
    assert rows.to_dicts() == [{"loss": 1.0, "by opt": "adam", "keep width": 64.0, "keep note": "x", "flag": True}]


FRAME = pl.DataFrame({
    "run": ["a", None], "loss": [1.0, 2.0], "opt": ["x", None], "seed": ["1", None], RUN_FILE: ["f", "g"],
    PREFIX: ["p/", None],
})  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "by", "runs"),
    [
        ({}, (), ["a", None]),
        ({"run_is_file": True}, (), ["a", "g"]),
        ({"has_reused_names": True}, (), ["p/a", None]),
        ({"seed": "seed"}, (), [f"a{BEFORE_SEED}1", None]),
        ({"run_is_file": True, "seed": "seed"}, (), [f"a{BEFORE_SEED}1", "g"]),
        ({}, ("opt",), [f"x{AFTER_GROUP}a", None]),
        ({"run_is_file": True}, ("opt",), [f"x{AFTER_GROUP}a", f"{AFTER_GROUP}g"]),
    ],
)
def test_a_run_is_named_by_its_group_file_name_and_seed(changes, by, runs):
    plan = planned(FRAME.drop(RUN_FILE, PREFIX), by=by, **changes)
    assert FRAME.select(run_of(FRAME.schema, plan))["run_id"].to_list() == runs


def test_a_file_is_the_run_where_no_column_is():
    plan = planned(FRAME.select("loss"), run_is_file=True)
    assert FRAME.select(run_of(FRAME.schema, plan))["run_id"].to_list() == ["f", "g"]


def test_conditions_may_name_roles_in_base_units():
    frame = pl.DataFrame({"run": ["a", "b"], "n_params (M)": ["70", "x"], "tokens": [2.0, 3.0], "ppl": [1.0, 1.0]})
    values = role_values(frame.schema, planned(frame, {"loss": "ppl"}, takes_log=True))
    got = {name: frame.select(v=value.value, odd=value.is_unreadable).rows() for name, value in values.items()}
    assert got["params"] == [(7e7, False), (None, True)]
    assert got["loss"] == [(0.0, False), (0.0, False)]
    assert got["compute"] == [(6 * 7e7 * 2.0, False), (None, False)]
    assert got["run_id"] == [("a", False), ("b", False)]


def test_finished_points_have_plain_names_of_runs():
    frame = pl.DataFrame({"run": ["a"], "loss": [1.0], "opt": ["x"], "seed": ["1"]})
    plan = planned(frame, by=["opt"], seed="seed")
    points = pl.DataFrame({
        "run_id": [f"x{AFTER_GROUP}a{BEFORE_SEED}1", f"x{AFTER_GROUP}/path/b", None],
        "loss": [1.0, 2.0, 3.0],
        "by opt": ["x"] * 3,
    })  # fmt: skip
    done = finished(points, plan, {"/path/b": "b"})
    assert done["run_id"].to_list() == ["a seed 1", "b", "row 3"]
    assert done["opt"].to_list() == ["x"] * 3


def test_points_without_runs_are_named_by_their_place():
    plan = planned(pl.DataFrame({"loss": [1.0]}))
    assert finished(pl.DataFrame({"loss": [1.0, 2.0]}), plan, {})["run_id"].to_list() == ["row 1", "row 2"]


def test_a_role_is_completed_and_kept_text_becomes_numbers_only_as_a_whole():
    plan = planned(
        pl.DataFrame({"params": [1.0], "tokens": [1.0], "loss": [1.0], "a": [""], "b": [""]}), keep=["a", "b"]
    )
    points = pl.DataFrame({
        "params": [2.0, 3.0], "tokens": [5.0, 7.0], "loss": [1.0, 2.0], "keep a": ["1k", None], "keep b": ["1", "x"],
    })  # fmt: skip
    done = finished(points, plan, {})
    assert done["compute"].to_list() == [60.0, 126.0]
    assert done["a"].to_list() == [1000.0, None]
    assert done["b"].to_list() == ["1", "x"]
    assert done.columns == ["run_id", "params", "tokens", "loss", "compute", "a", "b"]


def test_params_are_the_first_group_of_a_pattern_in_the_names():
    plan = replace(planned(pl.DataFrame({"loss": [1.0]})), params_pattern=r"(?:n)([0-9]+M)")
    points = pl.DataFrame({"run_id": ["x-n70M", "other"], "loss": [1.0, 2.0]})
    assert finished(points, plan, {})["params"].to_list() == [7e7, None]
    with pytest.raises(DataError, match="finds no number in names such as 'other'"):
        finished(points.tail(1), plan, {})
    with pytest.raises(UsageError, match=r"is not a regular expression: unclosed group\.\n"):
        finished(points, replace(plan, params_pattern="(("), {})
