"""Files of one run on different data."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.runs.rows.split_files import _are_one, _Content
from tests.data.loading import load_tables

SIZES = (1e7, 3e7, 1e8)
STEPS = 100 * np.arange(1, 11)


def curve(params, kind="val", steps=STEPS):
    """The log of a run; losses on training data are 0.1 lower."""
    noise = np.random.default_rng([int(params), kind == "train"]).normal(0, 0.003, len(steps))
    losses = 1.8 + 400 * params**-0.34 + 20 * steps**-0.4 + noise - 0.1 * (kind == "train")
    return pl.DataFrame({"step": steps, "params": params, "tokens": steps * 5e5, "loss": losses})


def said(loaded):
    return [found.message for found in loaded.caveats if found.code == "split-files"]


def last_losses(loaded):
    return sorted(loaded.frame["loss"].to_list())


EXPECTED = sorted(curve(params)["loss"][-1] for params in SIZES)
NAMES = [
    ("run{}/train.csv", "run{}/val.csv"),
    ("run{}/train_log.csv", "run{}/eval_log.csv"),
    ("run{}_train.csv", "run{}_val.csv"),
    ("Train-{}.csv", "Validation-{}.csv"),
    ("run{}.train.csv", "run{}.held_out.csv"),
    ("train/run{}.csv", "test/run{}.csv"),
    ("run{}/train/train.csv", "run{}/valid/valid.csv"),
    ("run{}/test.csv", "run{}/dev.csv"),
]


@pytest.mark.parametrize(("other", "kept"), NAMES)
def test_only_evaluation_files_count(tmp_path, other, kept):
    tables = {other.format(n): curve(params, "train") for n, params in enumerate(SIZES)}
    loaded = load_tables(tmp_path, tables | {kept.format(n): curve(params) for n, params in enumerate(SIZES)})
    assert last_losses(loaded) == pytest.approx(EXPECTED)
    (message,) = said(loaded)
    assert "3 of 6 files hold losses of the same runs on other data" in message


@pytest.mark.parametrize(
    ("changes", "are_one"),
    [
        ({}, True),
        ({"loss": None}, False),  # a file without a loss holds none of the other's losses
        ({"params": (1e8, 1e8)}, False),
        ({"params": None}, True),
        ({"step": (9.0, 20.0)}, True),
        ({"step": (10.0, 20.0)}, True),
        ({"step": (10.5, 20.0)}, False),
        ({"step": None}, True),
        ({"runs": ("a", "b", 2)}, False),
    ],
)
def test_two_files_are_of_one_run_if_amounts_agree_and_steps_overlap(changes, are_one):
    ranges = {"loss": (2.0, 3.0), "params": (1e7, 1e7), "step": (0.0, 10.0)}
    changed = {role: ends for role, ends in (ranges | changes).items() if role in ranges and ends is not None}
    one, other = _Content(("a", "a", 1), ranges), _Content(changes.get("runs", ("a", "a", 1)), changed)
    for are_named in (True, False):
        assert _are_one(one, other, are_named=are_named) is _are_one(other, one, are_named=are_named) is are_one
    table = _Content(("a", "a", 1), ranges | {"params": (1e7, 1e8)})
    assert _are_one(table, table, are_named=True)
    assert not _are_one(table, table, are_named=False)


def test_a_training_log_without_an_evaluation_does_not_count_beside_others(tmp_path):
    tables = {f"run{n}_train.csv": curve(params, "train") for n, params in enumerate(SIZES)}
    loaded = load_tables(tmp_path, tables | {f"run{n}_val.csv": curve(SIZES[n]) for n in (0, 1)})
    assert last_losses(loaded) == pytest.approx(sorted(curve(params)["loss"][-1] for params in SIZES[:2]))
    assert "3 of 5 files" in said(loaded)[0]


def test_training_logs_give_the_amounts_that_evaluations_lack(tmp_path):
    tables = {f"run{n}_train.csv": curve(params, "train") for n, params in enumerate(SIZES)}
    bare = {f"run{n}_val.csv": curve(params).select("step", "loss") for n, params in enumerate(SIZES)}
    loaded = load_tables(tmp_path, tables | bare)
    assert last_losses(loaded) == pytest.approx(EXPECTED)
    assert sorted(loaded.frame["params"].to_list()) == pytest.approx(SIZES)
    assert loaded.frame["tokens"].to_list() == pytest.approx([5e8] * 3)
    assert loaded.excluded == {}


def test_files_that_name_their_runs_are_pairs_too(tmp_path):
    tables = {}
    for n, params in enumerate(SIZES):
        for kind in ("train", "val"):
            tables[f"run{n}/{kind}.csv"] = curve(params, kind).with_columns(run=pl.lit(f"r{n}"))
    loaded = load_tables(tmp_path, tables)
    assert last_losses(loaded) == pytest.approx(EXPECTED)
    assert said(loaded)
    assert "names-anew" not in [found.code for found in loaded.caveats]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (curve(SIZES[0]), curve(SIZES[1])),  # other runs
        (curve(SIZES[0], steps=STEPS[:6]), curve(SIZES[0], steps=STEPS[6:])),  # the end of a curve, to be forecast
        (pl.concat([curve(n).tail(1) for n in SIZES]), pl.concat([curve(n).tail(1) for n in SIZES])),  # tables of runs
    ],
)
def test_other_runs_and_other_steps_are_no_pairs(tmp_path, train, test):
    assert said(load_tables(tmp_path, {"train.csv": train, "test.csv": test})) == []


def test_groups_of_splits_stay(tmp_path):
    tables = {
        f"split={kind}/run{n}.csv": curve(size, kind) for n, size in enumerate(SIZES) for kind in ("train", "val")
    }
    loaded = load_tables(tmp_path, tables, by=["split"])
    assert loaded.frame.height == 6
    assert said(loaded) == []


def test_words_of_splits_in_all_names_do_not_matter(tmp_path):
    tables = {f"train/run{n}_test.csv": curve(params) for n, params in enumerate(SIZES)}
    loaded = load_tables(tmp_path, tables)
    assert last_losses(loaded) == pytest.approx(EXPECTED)
    assert said(loaded) == []
