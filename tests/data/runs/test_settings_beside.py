"""Params that only a file of settings beside each log holds."""

import json

import polars as pl
import pytest

from tests.data.loading import load_runs

SIZES = (1e7, 3e7, 1e8)
LOG = pl.DataFrame({"step": [1, 2], "tokens": [1e9, 2e9], "val_loss": [4.0, 3.5]})


def write(folder, name, text):
    for number, size in enumerate(SIZES):
        path = folder / str(number) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(size))
        LOG.write_csv(folder / str(number) / "metrics.csv")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".hydra/config.yaml", lambda size: f"model:\n  n_params: {size:.0f}\noptimizer:\n  lr: 0.1\n"),
        ("hparams.yaml", lambda size: f"num_params: {size:.0f}\n"),
        ("config.json", lambda size: json.dumps({"model": {"params": size}})),
    ],
)
def test_params_are_read_from_the_settings_of_each_run(tmp_path, name, text):
    write(tmp_path, name, text)
    table = load_runs(str(tmp_path))
    assert sorted(table.frame["params"].to_list()) == list(SIZES)
    assert table.columns["params"].startswith("config/")


def test_settings_without_params_are_passed_over_for_others(tmp_path):
    write(tmp_path, "hparams.yaml", lambda size: f"params: {size:.0f}\n")
    write(tmp_path, "config.yaml", lambda size: "seed: 1\n")
    assert sorted(load_runs(str(tmp_path)).frame["params"].to_list()) == list(SIZES)


def test_settings_are_left_alone_where_a_column_is_params_or_one_table_is_given(tmp_path):
    write(tmp_path, "config.yaml", lambda size: f"params: {size:.0f}\n")
    assert "params" not in load_runs(str(tmp_path / "0" / "metrics.csv")).columns
    for number in range(3):
        LOG.with_columns(params=pl.lit(5e6)).write_csv(tmp_path / str(number) / "metrics.csv")
    assert set(load_runs(str(tmp_path)).frame["params"]) == {5e6}


def test_settings_that_cannot_be_read_are_passed_over_and_unreadable_params_counted(tmp_path):
    write(tmp_path, "config.json", lambda size: "[1, 2" if size == SIZES[0] else json.dumps({"params": "many"}))
    table = load_runs(str(tmp_path))
    assert table.frame["params"].to_list() == [None]
    assert any("unreadable params" in found.message for found in table.caveats)
