"""Rows with statistics of other rows are no runs."""

from __future__ import annotations

import polars as pl
import pytest

from tests.data.loading import load_runs

SIZES = [1e7, 1e8, 1e9, 1e10]
RUNS = pl.DataFrame({"run": ["a", "b", "c", "d"], "params": SIZES, "loss": [4.0, 3.0, 2.5, 2.2]})


def codes(table):
    return [caveat.code for caveat in table.caveats]


def with_rows(*names):
    last = [pl.DataFrame({"run": [name], "params": [2.8e9], "loss": [2.9]}) for name in names]
    return pl.concat([RUNS, *last])


@pytest.mark.parametrize("names", [("mean",), ("Average",), ("mean", " STD "), ("min", "max", "median")])
def test_rows_below_a_table_with_statistics_of_it_are_left_out(names):
    table = load_runs(with_rows(*names))
    assert table.frame["run_id"].to_list() == ["a", "b", "c", "d"]
    assert codes(table) == ["statistics"]
    assert f"{len(names)} of {4 + len(names)} rows" in table.caveats[0].message


@pytest.mark.parametrize("names", [("mean-pooling",), ("mini",), ("e",), ("mean", "max", "std", "min")])
def test_other_names_and_names_of_most_runs_are_kept(names):
    assert load_runs(with_rows(*names)).frame.height == 4 + len(names)


@pytest.mark.parametrize("has_names", [True, False])
def test_the_mean_over_seeds_is_no_further_run(has_names):
    seeds = [RUNS.with_columns(seed=pl.lit(seed)) for seed in ("0", "1", "mean")]
    rows = pl.concat([each if has_names else each.drop("run") for each in seeds])
    table = load_runs(rows)
    assert table.frame.height == 8
    assert "statistics" in codes(table)
    only = load_runs(rows, where="seed = 'mean'")
    assert only.frame.height == 4
    assert "statistics" not in codes(only)
