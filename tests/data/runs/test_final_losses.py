"""A table of finished runs beside their logs counts each run once, with the loss of the table."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.data.loading import load_runs

SIZES = [round(size) for size in np.geomspace(1e7, 1e9, 8)]
LOSSES = [1.8 + 400 / size**0.34 for size in SIZES]
LAST = 10  # the last step of each log
EVERY = ("step", "params", "tokens", "loss")


def write_logs(folder, *, with_names=False, columns=EVERY, runs=range(8)):
    for run in runs:
        steps = np.arange(1, LAST + 1)
        train = LOSSES[run] * (LAST / steps) ** 0.1 * (0.97 + 0.002 * run)
        log = pl.DataFrame({"step": steps, "params": SIZES[run], "tokens": steps * 2 * SIZES[run], "loss": train})
        names = [pl.lit(f"run{run}").alias("run")] if with_names else []
        log.select(*names, *columns).write_csv(folder / f"run{run}.csv")


def write_table(folder, *, drop=(), sizes=SIZES, **more):
    names = [f"run{run}" for run in range(8)]
    table = pl.DataFrame({"run": names, "params": sizes, "tokens": [20 * size for size in sizes], "loss": LOSSES})
    table.with_columns(pl.lit(text).alias(name) for name, text in more.items()).drop(drop).write_csv(folder / "all.csv")


def codes(table):
    return [caveat.code for caveat in table.caveats]


@pytest.mark.sample
@pytest.mark.parametrize("columns", [EVERY, ("step", "tokens", "loss"), ("step", "loss")])
@pytest.mark.parametrize("with_names", [False, True])
def test_runs_of_a_table_with_names_count_with_its_losses(tmp_path, columns, with_names):
    write_logs(tmp_path, columns=columns, with_names=with_names)
    write_table(tmp_path)
    table = load_runs(tmp_path)
    assert codes(table) == ["table-of-logs"]
    assert table.frame["run_id"].to_list() == [f"run{run}" for run in range(8)]
    assert table.frame["loss"].to_list() == pytest.approx(LOSSES)
    assert table.frame["params"].to_list() == SIZES
    assert table.frame["step"].to_list() == [LAST] * 8


def test_runs_of_a_table_without_names_are_known_by_their_params_and_tokens(tmp_path):
    write_logs(tmp_path)
    write_table(tmp_path, drop=["run"])
    table = load_runs(tmp_path)
    assert codes(table) == ["table-of-logs"]
    assert sorted(table.frame["run_id"]) == [f"run{run}" for run in range(8)]
    assert sorted(table.frame["loss"]) == pytest.approx(sorted(LOSSES))


def test_logs_of_runs_that_the_table_lacks_keep_their_losses(tmp_path):
    write_logs(tmp_path)
    write_table(tmp_path)
    pl.read_csv(tmp_path / "all.csv").head(5).write_csv(tmp_path / "all.csv")
    table = load_runs(tmp_path)
    assert table.frame.height == 8
    assert "5 of 8 logs are of runs" in table.caveats[0].message
    assert "with the loss of the table, and the other 3 with those of their logs." in table.caveats[0].message


def test_runs_of_other_sizes_or_groups_with_the_same_names_all_count(tmp_path):
    write_logs(tmp_path, columns=EVERY)
    write_table(tmp_path, sizes=[3 * size for size in SIZES])
    assert load_runs(tmp_path).frame.height == 16


def test_runs_of_another_group_with_the_same_names_all_count(tmp_path):
    for optimizer in ("adamw", "muon"):
        (tmp_path / f"optimizer={optimizer}").mkdir()
    write_logs(tmp_path / "optimizer=adamw")
    write_table(tmp_path / "optimizer=muon")
    table = load_runs(tmp_path, by=("optimizer",))
    assert table.frame.height == 16
    assert codes(table) == []


def test_tables_whose_amounts_fit_only_some_logs_are_of_other_runs(tmp_path):
    write_logs(tmp_path, runs=range(6))
    write_table(tmp_path, drop=["run"])
    table = load_runs(tmp_path)
    assert table.frame.height == 14
    assert codes(table) == []
