"""Names that stand for several runs in a table of finished runs."""

from __future__ import annotations

import polars as pl
import pytest

from tests.data.loading import load_runs

EXPORT = pl.DataFrame({
    "Name": ["small", "small", "large", "large"],
    "ID": ["k0", "k1", "k2", "k3"],
    "State": ["finished", "finished", "finished", "crashed"],
    "n_params": [1e7, 1e7, 1e8, 1e8],
    "tokens": [1e9, 2e9, 1e9, 2e9],
    "val_loss": [3.5, 3.3, 3.1, 3.0],
})  # fmt: skip


@pytest.mark.parametrize("steps", [None, [1000, 2000, 1000, 2000]])
def test_runs_of_one_name_in_an_export_are_told_apart_by_their_ids(steps):
    table = load_runs(EXPORT if steps is None else EXPORT.with_columns(_step=pl.Series(steps)))
    assert table.frame.select("run_id", "tokens").sort("run_id").rows() == [
        ("large k2", 1e9), ("large k3", 2e9), ("small k0", 1e9), ("small k1", 2e9)
    ]  # fmt: skip


def test_ids_of_rows_do_not_part_a_run():
    steps = EXPORT.with_columns(_step=pl.Series([1000, 2000, 1000, 2000]))
    assert load_runs(steps.drop("State")).frame["run_id"].to_list() == ["large", "small"]
    several = pl.concat([steps, steps.with_columns(pl.col("_step") + 500, val_loss=pl.col("val_loss") - 0.1)])
    assert load_runs(several).frame["run_id"].to_list() == ["large", "small"]  # an id has several rows
    unique = EXPORT.with_columns(Name=pl.Series(["a", "b", "c", "d"]))
    assert load_runs(unique).frame["run_id"].to_list() == ["a", "b", "c", "d"]


def of_a_family(sizes):
    """Finished runs of one name and several sizes, with the steps of each."""
    return pl.DataFrame(
        {"run": "gpt", "params": size, "tokens": 20 * size, "step": int(size / 1e4), "loss": 2 + 100 / size**0.3}
        for size in sizes
    )


def test_each_size_of_a_name_is_a_run():
    """The name is that of a family of models, so the row with the most steps does not replace the others."""
    assert load_runs(of_a_family([1e7, 2e7, 4e7])).frame["run_id"].to_list() == [
        "gpt 10000000",
        "gpt 20000000",
        "gpt 40000000",
    ]


def test_params_that_are_rounded_differently_are_one_size():
    rows = of_a_family([1e7, 1e7]).with_columns(pl.Series("params", [1e7, 1.0005e7]), pl.Series("step", [100, 200]))
    assert load_runs(rows).frame["run_id"].to_list() == ["gpt"]


def test_one_run_that_grows_among_others_stays_one_run():
    rows = [of_a_family([1e7, 2e7])]
    rows += [
        of_a_family([1e7, 1e7]).with_columns(pl.lit(f"r{run}").alias("run"), pl.Series("step", [100, 200]))
        for run in range(3)
    ]
    assert load_runs(pl.concat(rows)).frame.height == 4
