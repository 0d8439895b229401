"""A summary file beside the files of its runs counts each run once."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from tests.data.loading import load_runs

SIZES = np.geomspace(1e7, 1e9, 8)


def losses(seed=0):
    noise = np.random.default_rng(seed).normal(0, 0.004, len(SIZES))
    return (1.8 + 400 / SIZES**0.34) * np.exp(noise)


def codes(table):
    return [caveat.code for caveat in table.caveats]


def write_parts(folder, seed=0, **more):
    for size, loss in zip(SIZES, losses(seed), strict=True):
        part = folder / f"{size:.0f}"
        part.mkdir()
        summary = {"n_params": size, "val_loss": float(loss), "steps": 1000} | more
        (part / "summary.json").write_text(json.dumps(summary))


def write_curves(folder):
    for size, loss in zip(SIZES, losses(), strict=True):
        steps = np.arange(1, 11) * 100
        curve = {"step": steps, "params": size, "val_loss": loss * (1000 / steps) ** 0.1}
        pl.DataFrame(curve).write_csv(folder / f"curve-{size:.0f}.csv")


@pytest.mark.parametrize("digits", [12, 4])
@pytest.mark.parametrize("write", [write_parts, write_curves])
@pytest.mark.parametrize("total", ["total.csv", "total.json"])
def test_a_summary_beside_its_parts_counts_no_run_twice(tmp_path, digits, write, total):
    write(tmp_path)
    summary = pl.DataFrame({"n_params": SIZES, "val_loss": losses().round(digits), "lr": 1e-3 / SIZES})
    if write is write_curves:
        summary = summary.rename({"n_params": "params"})
    if total.endswith("csv"):
        summary.write_csv(tmp_path / total)
    else:
        summary.write_json(tmp_path / total)
    table = load_runs(tmp_path)
    assert table.frame.height == len(SIZES)
    assert table.frame["run_id"].n_unique() == len(SIZES)
    assert table.frame["step"].null_count() == table.frame["lr"].null_count() == 0
    assert codes(table) == ["summary-copies"]
    assert "8 of 16 points have the same loss and params as a point from another file" in table.caveats[0].message


def test_other_runs_of_the_same_sizes_beside_parts_all_count(tmp_path):
    write_parts(tmp_path)
    pl.DataFrame({"n_params": SIZES, "val_loss": losses(seed=1)}).write_csv(tmp_path / "other.csv")
    table = load_runs(tmp_path)
    assert table.frame.height == 2 * len(SIZES)
    assert codes(table) == []


def test_one_agreement_by_chance_is_no_copy(tmp_path):
    write_parts(tmp_path)
    others = losses(seed=1)
    others[0] = losses()[0]
    pl.DataFrame({"n_params": SIZES, "val_loss": others}).write_csv(tmp_path / "other.csv")
    assert load_runs(tmp_path).frame.height == 2 * len(SIZES)
