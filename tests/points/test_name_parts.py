"""Parts of the names of runs that say of which kind a run is."""

from __future__ import annotations

import re
import shlex

import numpy as np
import polars as pl
import pytest

from scaling_cli.points.input_doubts import input_doubts
from scaling_cli.points.name_parts import name_parts
from tests.data.loading import load_runs
from tests.points.test_pooled import SURFACE, grid, scattered, shifted


def parts(*names):
    return {said.rpartition("says ")[2]: list(words) for said, words in name_parts(pl.Series(names), 3).items()}


def test_each_place_of_names_is_a_part():
    assert parts("moe-1-lr3e-4", "dense-2-lr3e-4", "moe-3-lr1e-3") == {
        "dense or moe": ["moe", "dense", "moe"],
        "1 or 2 or 3": ["1", "2", "3"],
        "lr1e-3 or lr3e-4": ["lr3e-4", "lr3e-4", "lr1e-3"],
    }


def test_parts_are_also_counted_from_the_end():
    assert parts("gpt-adam", "gpt-big-muon", "gpt-adam")["adam or muon"] == ["adam", "muon", "adam"]


def test_parts_of_many_values_or_of_one_say_nothing():
    assert parts("gpt-1", "gpt-2", "gpt-3", "gpt-4") == {}


def named(frame):
    return frame.with_columns(run=pl.format("{}-{}", "kind", pl.int_range(pl.len()))).drop("kind")


@pytest.mark.parametrize("runs", [grid(seeds=3), scattered()], ids=["equal inputs", "other inputs"])
def test_names_of_two_kinds_of_runs_are_named(runs):
    frame = named(shifted(runs.drop("seed", strict=False), "kind", ["dense", "moe"], [1.0, 0.88]))
    found = {each.code: each.message for each in input_doubts(load_runs(frame), SURFACE)}
    assert "names of runs that says dense or moe takes 2 values" in found["pooled-groups"]
    assert "unexplained-spread" not in found
    keep = shlex.split(re.search(r"--where (\".*?\")", found["pooled-groups"]).group(1))[0]
    kept = load_runs(frame, where=keep).frame["run_id"]
    assert set(kept) == {run for run in frame["run"] if run.startswith("dense")}


@pytest.mark.parametrize("factors", [[1.0, 1.0], [1.0, 1.004]])
def test_names_of_runs_that_differ_as_seeds_do_are_not_named(factors):
    frame = named(shifted(scattered(), "kind", ["dense", "moe"], factors))
    assert not input_doubts(load_runs(frame), SURFACE)


@pytest.mark.parametrize("seed", range(20))
def test_names_do_not_explain_noise(seed):
    frame = shifted(scattered(noise=0.05, seed=seed), "kind", ["a", "b", "c"], [1.0, 1.0, 1.0], seed=seed + 100)
    assert "pooled-groups" not in {each.code for each in input_doubts(load_runs(named(frame)), SURFACE)}


def test_names_of_sizes_lie_along_an_input():
    """A name that says the size explains what params explain."""
    frame = scattered(noise=0.04)
    big = np.where(frame["params"] > 1e8, "big", "small")
    assert "pooled-groups" not in {
        each.code for each in input_doubts(load_runs(named(frame.with_columns(kind=pl.Series(big)))), SURFACE)
    }


def test_a_column_that_explains_the_losses_comes_first():
    frame = shifted(scattered(), "kind", ["dense", "moe"], [1.0, 0.88])
    found = input_doubts(load_runs(named(frame).with_columns(kind=frame["kind"])), SURFACE)
    (pooled,) = [each for each in found if each.code == "pooled-groups"]
    assert pooled.message.startswith("kind takes 2 values")


def test_rows_without_a_name_have_no_parts():
    assert name_parts(pl.Series(["row 1", "row 1 b", "row 2 b"]), 3) == {}
