"""Rows of one run and step that differ in another column, such as the data set of an evaluation."""

from __future__ import annotations

import re
import shlex

import polars as pl
import pytest

from scaling_cli.errors import DataError
from tests.data.loading import load_runs

KINDS = {"c4": 1.0, "code": 0.5, "wiki": 0.9}


def curves(column, kinds, *, runs=5, steps=(100, 200, 300)):
    """The loss of each kind at each step of each run."""
    return pl.DataFrame(
        {
            "run": f"r{run}",
            "step": step,
            "params": 1e7 * 2**run,
            "tokens": step * 1e6,
            column: kind,
            "loss": factor * (2 + 1 / run + 10 / step),
        }
        for run in range(1, runs + 1)
        for step in steps
        for kind, factor in kinds.items()
    )


@pytest.mark.sample
@pytest.mark.parametrize(
    "kinds", [KINDS, {0: 1.0, 1: 0.9, 2: 0.5}, {True: 1.0, False: 0.9}], ids=["text", "code", "flag"]
)
@pytest.mark.parametrize("steps", [(100, 200, 300), (300,)], ids=["curves", "last steps"])
@pytest.mark.parametrize("checkpoints", ["final", "all"])
def test_losses_on_several_data_at_each_step_are_refused(tmp_path, kinds, steps, checkpoints):
    """Only the last row of each step would count, which is that of one kind of data."""
    curves("domain", kinds, steps=steps).write_csv(tmp_path / "runs.csv")
    with pytest.raises(DataError, match="differ in domain") as error:
        load_runs([str(tmp_path / "runs.csv")], checkpoints=checkpoints)
    keep = shlex.split(re.search(r"--where (\".*?\"|\S+)", error.value.hint).group(1))[0]
    assert load_runs([str(tmp_path / "runs.csv")], where=keep).frame.height == 5
    assert load_runs([str(tmp_path / "runs.csv")], by=("domain",)).frame.height == 5 * len(kinds)
    assert load_runs([str(tmp_path / "runs.csv")], mapping={"run_id": "none"}).frame.height == 5 * len(kinds) * len(
        steps
    )


def test_a_table_in_memory_is_refused_too():
    with pytest.raises(DataError, match="c4, code, wiki"):
        load_runs(curves("domain", KINDS))


def test_equal_losses_are_copies():
    """A log that was joined with a table of tasks repeats each loss."""
    loaded = load_runs(curves("task", {"arc": 1.0, "piqa": 1.0}))
    assert loaded.frame.height == 5


def test_a_resumed_run_repeats_only_some_steps():
    """The job is another one after the restart, and its rows replace those of the first."""
    first = curves("job", {"job 1": 1.0}, steps=range(100, 800, 100))
    second = curves("job", {"job 2": 1.001}, steps=range(500, 1100, 100))
    loaded = load_runs(pl.concat([first, second]))
    assert loaded.frame.height == 5
    assert "repeated-steps" in [found.code for found in loaded.caveats]


def test_a_column_of_numbers_that_go_on_names_no_kinds():
    """The seconds since the start differ on each row of each step, but stand for no kind of data."""
    rows = pl.concat([curves("part", {"a": 1.0}), curves("part", {"a": 1.001})])
    rows = rows.drop("part").with_columns(seconds=pl.int_range(pl.len()) * 1.5)
    assert load_runs(rows).frame.height == 5
