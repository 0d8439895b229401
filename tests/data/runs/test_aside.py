"""Columns beside the points that may say which runs differ."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.aside import ASIDE, aside_columns, is_condition, set_aside, unnamed, with_peaks
from scaling_cli.data.runs.plan import make_plan
from scaling_cli.data.runs.select import PEAK


@pytest.mark.parametrize(
    ("name", "says"),
    [("dataset", True), ("config/optimizer", True), ("model arch", True), ("dataset_id", False), ("width", False)],
)
def test_a_name_may_say_how_a_run_was_made(name, says):
    assert is_condition(name) == says


SCHEMA = pl.Schema({
    "loss": pl.Float64,
    "width": pl.Int64,
    "dataset": pl.String,
    "optimizer": pl.Categorical(),
    "flag": pl.Boolean,
    "notes": pl.String,
    "val_bpb": pl.Float64,
    "other_losses": pl.Float64,
    "created": pl.Date,
    "when": pl.Date,
    "__file": pl.String,
    "group": pl.String,
    "asked": pl.String,
})  # fmt: skip
PLAN = make_plan(SCHEMA.names(), {}, by=["group"], keep=["asked"])


def test_a_small_log_gives_every_free_column_conditions_first():
    assert aside_columns(SCHEMA, PLAN, is_small=True) == {
        "aside dataset": "dataset", "aside optimizer": "optimizer", "aside width": "width", "aside flag": "flag",
    }  # fmt: skip


def test_a_large_log_gives_only_those_with_a_telling_name():
    assert list(aside_columns(SCHEMA, PLAN, is_small=False).values()) == ["dataset", "optimizer"]


def test_a_small_log_gives_at_most_forty():
    schema = pl.Schema({"loss": pl.Float64} | {f"x{i}": pl.Float64 for i in range(41)})
    assert len(aside_columns(schema, make_plan(schema.names(), {}, [], []), is_small=True)) == 40


def test_columns_are_set_aside_under_their_own_names():
    points = pl.DataFrame({"loss": [1.0], ASIDE + "width": [64], "x": [2]})
    kept, aside = set_aside(points)
    assert kept.columns == ["loss", "x"]
    assert aside.to_dicts() == [{"width": 64}]
    assert unnamed({"x": "x", ASIDE + "width": "width"}) == {"x": "x"}


def test_the_peak_of_the_learning_rate_is_set_aside_if_there_is_one():
    points, chosen = pl.DataFrame({"loss": [1.0]}), pl.DataFrame({PEAK: [0.3]})
    assert set_aside(with_peaks(points, chosen))[1].to_dicts() == [{PEAK: 0.3}]
    assert with_peaks(points, points).equals(points)
