"""Amounts in one unit in some runs and in another in others are refused."""

from __future__ import annotations

import shlex

import polars as pl
import pytest

from scaling_cli.errors import DataError
from tests.data.loading import load_runs

SIZES = [2e7, 1e8, 4e8, 1e9, 3e9, 7e9]
LOSSES = [4.0, 3.5, 3.1, 2.8, 2.6, 2.5]


def runs(role, values):
    return pl.DataFrame({"run": [f"r{n}" for n in range(6)], role: values, "loss": LOSSES})


@pytest.mark.parametrize(
    ("role", "values"),
    [
        ("params", [20.0, 100, 400, 1e9, 3e9, 7e9]),
        ("params", ["20", "100", "400", "1B", "3B", "7B"]),
        ("params", [2e7, 1e8, 4e8, 1, 3, 7]),
        ("tokens", [2e9, 1e10, 4e10, 100, 300, 700]),
        ("compute", [1e18, 1e19, 1e20, 30.0, 300.0, 900.0]),
    ],
)
def test_mixed_units_are_refused_with_a_condition_that_works(role, values):
    table = runs(role, values)
    with pytest.raises(DataError, match="another unit") as error:
        load_runs(table)
    assert "r0" in error.value.message or "r3" in error.value.message
    condition = error.value.hint.partition("--where '")[2].partition("'")[0]
    kept = load_runs(table, where=condition).frame
    assert kept.height == 3
    assert (kept[role] > 1e6).all()


@pytest.mark.parametrize(
    "values", [SIZES, [size / 1e6 for size in SIZES], [2e4, *SIZES[1:]], [900.0, 2e4, 6e5, 2e7, 4e8, 7e9]]
)
def test_one_unit_and_tiny_models_beside_others_are_read(values):
    assert load_runs(runs("params", values)).frame.height == 6


def test_each_group_may_have_a_unit_of_its_own():
    table = runs("params", [20.0, 100, 400, 1e9, 3e9, 7e9]).with_columns(unit=pl.Series(["M"] * 3 + ["1"] * 3))
    assert load_runs(table, by=("unit",)).frame.height == 6


def test_early_checkpoints_may_have_few_tokens():
    table = pl.DataFrame({"run": ["a", "a", "b", "b"], "tokens": [2e3, 1e9, 2e3, 1e9], "loss": [9.0, 3.0, 9.0, 3.0]})
    assert load_runs(table.with_columns(step=pl.Series([1, 9, 1, 9])), checkpoints="all").frame.height == 4


@pytest.mark.sample
@pytest.mark.parametrize("column", ["loss_unit", "unit", "eval/unit"])
@pytest.mark.parametrize("other", ["bits", "bits/byte", "bpb", "perplexity"])
def test_losses_of_two_units_are_refused_with_conditions_that_work(column, other):
    table = runs("params", SIZES).with_columns(pl.Series(column, ["nats", other] * 3))
    with pytest.raises(DataError, match=f"in .* and .*, as column {column}") as error:
        load_runs(table)
    *_, condition = shlex.split(error.value.hint.partition("--where ")[2].partition(", or")[0])
    assert load_runs(table, where=condition).frame.height == 3
    assert load_runs(table, by=(column,)).frame.height == 6


@pytest.mark.parametrize(
    "units", [["nats", "nat", "nats/token"] * 2, ["GPU", "TPU"] * 3, ["nats", None] * 3, [1, 2] * 3]
)
def test_one_unit_of_losses_and_other_units_are_read(units):
    assert load_runs(runs("params", SIZES).with_columns(loss_unit=pl.Series(units))).frame.height == 6


@pytest.mark.parametrize("role", ["params", "tokens", "compute"])
@pytest.mark.parametrize("values", [[20.0, 100, 400, 1e9, 3e9, 7e9], [20.0, 30, 40, 50, 60, 70]])
def test_a_column_that_has_no_role_although_it_has_the_name_of_one_is_not_checked(role, values):
    table = load_runs(runs(role, values), keep=(role,), **{role: "none"})
    assert table.frame[role].to_list() == values
