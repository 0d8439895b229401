"""Inputs that a law does without: lengths of runs, sizes in their names, and active params."""

import polars as pl
import pytest

from scaling_cli.points.pooled import input_doubts
from tests.data.loading import load_runs
from tests.points.test_pooled import grid

STEPS = pl.col("tokens") / 1e6


def codes(frame, inputs, by=()):
    return {found.code for found in input_doubts(load_runs(frame, by=list(by)), inputs, by)}


def test_steps_of_runs_of_equal_params_count_where_tokens_are_not_known():
    lengths = grid().with_columns(step=STEPS).drop("tokens")
    assert "ignored-steps" in codes(lengths, ("params",))
    assert "ignored-steps" not in codes(lengths, ("params", "step"))
    assert "ignored-steps" not in codes(grid().with_columns(step=STEPS), ("params",))
    assert "ignored-steps" not in codes(lengths.with_columns(step=pl.col("params") / 1e3), ("params",))
    assert "ignored-steps" not in codes(lengths.with_columns(step=1000 + pl.int_range(pl.len())), ("params",))


def test_steps_differ_within_a_group():
    lengths = grid().with_columns(step=STEPS, g=STEPS.cast(pl.String)).drop("tokens")
    assert "ignored-steps" not in codes(lengths, ("params",), ("g",))


@pytest.mark.parametrize("inputs", [("tokens",), ("params",), ("compute",)])
def test_sizes_in_names_count_where_the_law_is_of_tokens_alone(inputs):
    named = grid().with_columns(run=pl.format("gpt-{}M-{}", (pl.col("params") / 1e6).round(1), pl.int_range(pl.len())))
    frame = named.drop("params") if inputs == ("tokens",) else named
    assert ("sizes-in-names" in codes(frame, inputs)) == (inputs == ("tokens",))


def test_active_params_count_where_all_params_were_read():
    frame = grid().with_columns(params_active=pl.col("params") / 8)
    assert "active-params" in codes(frame, ("params", "tokens"))
    assert "active-params" not in codes(frame.with_columns(params_active=1e8), ("params", "tokens"))
