"""Files that hold the first rows of another file."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.runs.rows import shorter_copies
from scaling_cli.data.runs.rows.shorter_copies import _digits, are_names_of_one, is_noisy
from tests.data.loading import load_runs, load_tables

SIZES = (1e7, 3e7, 1e8)


def curve(params, rows, *, noise=0.003, seed=0, digits=5):
    """The log of a run with a row for every 100 steps."""
    rng = np.random.default_rng([seed, int(params)])
    steps = 100 * np.arange(1, rows + 1)
    losses = (1.8 + 400 * params**-0.34 + 20 * steps**-0.4) * np.exp(noise * rng.standard_normal(rows))
    frame = pl.DataFrame({"step": steps, "params": params, "tokens": steps * 5e5, "loss": losses})
    return frame.with_columns(pl.col("loss").round(digits))


def said(loaded):
    return [found.message for found in loaded.caveats if found.code == "shorter-copies"]


@pytest.mark.sample
@pytest.mark.parametrize("name", ["run{}_backup", "run{} (1)", "run{}/checkpoint-800", "run{}.old"])
@pytest.mark.parametrize("options", [{}, {"checkpoints": "best"}, {"smooth": "50%"}])
def test_old_copies_and_earlier_checkpoints_are_left_out(tmp_path, name, options):
    tables = {f"run{n}.csv": curve(params, 20) for n, params in enumerate(SIZES)}
    parts = {f"{name.format(n)}.csv": curve(params, 20).head(8) for n, params in enumerate(SIZES)}
    loaded = load_tables(tmp_path, tables | parts, **options)
    assert loaded.frame["run_id"].to_list() == ["run0", "run1", "run2"]
    (message,) = said(loaded)
    assert message.startswith(f"3 of 6 files hold only the first rows of others ({name.format(0)} of run0)")


def test_noise_shows_copies_whose_names_do_not(tmp_path):
    tables = {f"a{n}.csv": curve(params, 20) for n, params in enumerate(SIZES)}
    loaded = load_tables(tmp_path, tables | {"b.csv": curve(SIZES[1], 20).head(12)})
    assert loaded.frame.height == 3
    assert "1 of 4 files holds only the first rows of another (b of a1)" in said(loaded)[0]


@pytest.mark.parametrize("digits", [2, 3, 5, 12])
def test_runs_of_one_curve_without_noise_all_count(tmp_path, digits):
    tables = {f"r{n}.csv": curve(SIZES[0], rows, noise=0, digits=digits) for n, rows in enumerate((8, 12, 20, 40))}
    loaded = load_tables(tmp_path, tables)
    assert loaded.frame.height == 4
    assert said(loaded) == []


def test_runs_that_branch_from_one_all_count(tmp_path):
    trunk = curve(SIZES[0], 20)
    cooled = trunk.head(12).with_columns(
        loss=pl.when(pl.col("step") > 1000).then(pl.col("loss") * 0.98).otherwise("loss")
    )
    assert load_tables(tmp_path, {"run.csv": trunk, "run_old.csv": cooled}).frame.height == 2


@pytest.mark.parametrize(("digits", "rows", "is_known"), [(1, 4, False), (2, 4, False), (2, 7, True), (4, 3, True)])
def test_few_digits_need_more_rows(tmp_path, digits, rows, is_known):
    tables = {
        "run.csv": curve(SIZES[0], 20, digits=digits),
        "run_old.csv": curve(SIZES[0], 20, digits=digits).head(rows),
    }
    assert bool(said(load_tables(tmp_path, tables))) == is_known


def test_a_single_row_needs_equal_amounts(tmp_path):
    whole = curve(SIZES[0], 20)
    assert said(load_tables(tmp_path / "same", {"run.csv": whole, "run_old.csv": whole.head(1)}))
    others = whole.head(1).with_columns(pl.col("tokens") * 2)
    assert not said(load_tables(tmp_path / "other", {"run.csv": whole, "run_old.csv": others}))


def test_zeros_at_the_end_of_a_loss_are_digits(tmp_path):
    whole = curve(SIZES[0], 20).with_columns(loss=pl.when(pl.col("step") == 100).then(6.5).otherwise("loss"))
    assert said(load_tables(tmp_path, {"run.csv": whole, "run_old.csv": whole.head(1)}))


def test_runs_of_other_params_are_never_copies(tmp_path):
    whole = curve(SIZES[0], 20)
    assert not said(
        load_tables(tmp_path, {"run.csv": whole, "run_old.csv": whole.head(8).with_columns(params=SIZES[1])})
    )


def test_all_checkpoints_of_a_trainer_but_the_last_are_left_out(tmp_path):
    for run, params in enumerate(SIZES):
        rows = curve(params, 20).rename({"loss": "eval_loss"}).to_dicts()
        for end in (5, 10, 20):
            folder = tmp_path / f"run{run}" / f"checkpoint-{end}00"
            folder.mkdir(parents=True)
            state = {"global_step": 100 * end, "max_steps": 2000, "log_history": rows[:end]}
            (folder / "trainer_state.json").write_text(json.dumps(state))
    loaded = load_runs([str(tmp_path)])
    assert loaded.frame["step"].to_list() == [2000] * 3
    assert "6 of 9 files" in said(loaded)[0]


def test_a_checkpoint_may_be_evaluated_where_the_whole_training_was_not(tmp_path):
    whole = curve(SIZES[0], 20)
    part = pl.concat([whole.head(8), whole.head(9).tail(1).with_columns(step=pl.lit(850, pl.Int64))])
    tables = {"run/checkpoint-850.csv": part, "run/checkpoint-2000.csv": whole}
    assert said(load_tables(tmp_path / "checkpoint", tables))
    assert not said(load_tables(tmp_path / "other", {"run.csv": whole, "run_old.csv": part}))


def test_a_share_of_the_steps_of_a_large_log_is_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(shorter_copies, "MOST_ROWS", 100)
    whole = curve(SIZES[0], 200)
    assert said(load_tables(tmp_path / "same", {"run.csv": whole, "run_old.csv": whole.head(80)}))
    ended = whole.head(80).with_columns(
        loss=pl.when(pl.col("step") == 8000).then(pl.col("loss") * 0.98).otherwise("loss")
    )
    assert not said(load_tables(tmp_path / "other", {"run.csv": whole, "run_old.csv": ended}))


def test_perplexities_count_by_their_own_digits(tmp_path):
    whole = curve(SIZES[0], 20).with_columns(loss=pl.col("loss").exp().round(0))
    tables = {"run.csv": whole, "run_old.csv": whole.head(4)}
    assert not said(load_tables(tmp_path, tables, loss_unit="perplexity"))


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("run00", "run00_backup", True),
        ("run00", "run00 (1)", True),
        ("a/checkpoint-10", "a/checkpoint-20", True),
        ("a", "a/checkpoint_20", True),
        ("checkpoint-10", "checkpoint-20", True),
        ("run1", "run2", False),
        ("50M_step1000", "50M_step2000", False),
        ("a/checkpoint-10", "b/checkpoint-20", False),
        ("gold", "g", False),
    ],
)
def test_names_of_one_run(one, other, are_one):
    assert are_names_of_one(one, other) == are_one


@pytest.mark.parametrize(("noise", "digits", "expected"), [(0, 12, False), (0, 2, False), (0.003, 5, True)])
def test_rounding_is_not_noise(noise, digits, expected):
    assert is_noisy(curve(SIZES[0], 30, noise=noise, digits=digits)) == expected


@pytest.mark.parametrize(
    ("losses", "digits"),
    [([3.45], 3), ([0.05], 1), ([0.123], 3), ([12.0], 2), ([-2.5], 2), ([1.5e-7], 2), ([3.0, 3.25, 3.1], 3), ([], 0)],
)
def test_the_digits_of_losses_are_those_that_they_were_written_with(losses, digits):
    assert _digits(pl.DataFrame({"loss": losses}, schema={"loss": pl.Float64})) == digits
