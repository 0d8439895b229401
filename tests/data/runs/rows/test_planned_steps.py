"""Runs that end before their planned steps."""

from __future__ import annotations

import polars as pl
import pytest

from tests.data.loading import load_runs

ENDS = {"a": 100, "b": 100, "c": 60}


def logs(planned, column="max_steps"):
    rows = [
        {"run": run, "step": step, "params": 1e7 * (place + 1), "loss": 4.0 - step / 100, column: planned[run]}
        for place, (run, end) in enumerate(ENDS.items())
        for step in range(10, end + 1, 10)
    ]
    return pl.DataFrame(rows)


def codes(table):
    return [caveat.code for caveat in table.caveats]


@pytest.mark.parametrize("column", ["max_steps", "config.num_train_steps", "total_iters", "training steps"])
def test_a_run_that_ends_far_before_its_plan_gets_a_caveat_whose_condition_leaves_it_out(column):
    table = logs(dict.fromkeys(ENDS, 100), column)
    [found] = [caveat for caveat in load_runs(table).caveats if caveat.code == "short-of-plan"]
    assert found.message.startswith("1 of 3 runs (c) ends before the steps in")
    condition = found.message.partition("--where ")[2].partition(", unless")[0][1:-1]
    kept = load_runs(table, where=condition)
    assert kept.frame["run_id"].to_list() == ["a", "b"]
    assert "short-of-plan" not in codes(kept)


@pytest.mark.parametrize("planned", [ENDS, {"a": 104, "b": 100, "c": 62}, dict.fromkeys(ENDS, 10**6)])
def test_plans_that_all_runs_or_none_reach_are_no_matter(planned):
    table = load_runs(logs(planned))
    assert "short-of-plan" not in codes(table)
    assert "__planned" not in table.frame.columns


def test_runs_without_a_plan_and_all_checkpoints_are_no_matter():
    assert "short-of-plan" not in codes(load_runs(logs(dict.fromkeys(ENDS, 100)), checkpoints="all"))
    unplanned = {"a": 100, "b": 100, "c": None}
    assert "short-of-plan" not in codes(load_runs(logs(unplanned)))
