"""Two logs of one run in one folder count once."""

from __future__ import annotations

import polars as pl
import pytest

from tests.data.loading import load_runs

LOG = pl.DataFrame(
    {"step": [10, 20, 30], "tokens": [1e7, 2e7, 3e7], "val_loss": [4.123456789, 3.512345678, 3.212345678]}
)


def write(tmp_path, other, name="log.jsonl"):
    """Two folders, each with a CSV and another log of the run."""
    for run in ("a", "b"):
        folder = tmp_path / run
        folder.mkdir()
        shift = 0.2 * (run == "b")
        LOG.with_columns(pl.col("val_loss") + shift).write_csv(folder / "metrics.csv")
        other.with_columns(pl.col("val_loss") + shift).write_ndjson(folder / name)


def codes(table):
    return [caveat.code for caveat in table.caveats]


@pytest.mark.parametrize(
    "other",
    [
        LOG.with_columns(pl.col("val_loss").cast(pl.Float32).cast(pl.Float64)),
        LOG.with_columns(pl.col("val_loss").round(4)),
        LOG.drop("tokens"),
    ],
    ids=["32 bits", "rounded", "without tokens"],
)
def test_a_log_of_another_logger_is_left_out(tmp_path, other):
    write(tmp_path, other)
    table = load_runs(tmp_path)
    assert table.frame["tokens"].to_list() == [3e7, 3e7]
    assert codes(table) == ["twin-logs"]
    assert "2 of 4 files hold the losses of another log" in table.caveats[0].message


@pytest.mark.parametrize(
    "other",
    [
        LOG.with_columns(pl.col("val_loss") + 1e-4),  # another seed
        LOG.with_columns(pl.col("val_loss").round(2)),  # too few digits to tell
        LOG.with_columns(pl.col("tokens") * 2),
        LOG.with_columns(pl.col("step") * 2),
    ],
)
def test_other_runs_in_a_folder_stay(tmp_path, other):
    write(tmp_path, other)
    table = load_runs(tmp_path)
    assert table.frame.height == 4
    assert "twin-logs" not in codes(table)


def test_settings_beside_two_logs_of_a_run_are_read_if_neither_is_named_after_a_run(tmp_path):
    write(tmp_path, LOG)
    for run in ("a", "b"):
        (tmp_path / run / "hparams.yaml").write_text("n_params: 10000000\n")
    assert load_runs(tmp_path).frame["params"].to_list() == [1e7, 1e7]
    for run in ("a", "b"):
        (tmp_path / run / "metrics.csv").rename(tmp_path / run / "val.csv")
        (tmp_path / run / "log.jsonl").rename(tmp_path / run / "train.jsonl")
    assert load_runs(tmp_path).frame["params"].to_list() == [1e7, 1e7]
    (tmp_path / "a" / "val.csv").rename(tmp_path / "a" / "seed1.csv")
    assert load_runs(tmp_path).frame["params"].null_count() == 1
