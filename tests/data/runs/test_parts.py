"""Params as a sum of parts."""

from __future__ import annotations

import polars as pl

from scaling_cli.data.runs.parts import table_of_parts
from scaling_cli.flops import flops_rule
from tests.data.loading import load_runs


def test_params_are_the_sum_of_parts_and_compute_follows_the_rule():
    frame = pl.DataFrame({
        "run": ["a", "b", "c"],
        "dense": [1e6, 2e6, None],
        "shared": [3e6, 4e6, 5e6],
        "tokens": [1e9, 2e9, 3e9],
        "loss": [3.0, 2.0, 1.9],
    })  # fmt: skip
    table = load_runs(frame, keep=["dense", "shared"])
    own = {"body": "dense", "head": "shared"}
    summed = table_of_parts(table, own, ["body", "head"], flops_rule("2 * params * tokens"))
    assert summed.frame["run_id"].to_list() == ["a", "b"]  # the run without a part is left out
    assert summed.frame["params"].to_list() == [4e6, 6e6]
    assert summed.frame["compute"].to_list() == [2 * 4e6 * 1e9, 2 * 6e6 * 2e9]
    assert summed.frame["body"].to_list() == [1e6, 2e6]
    assert summed.columns["params"] == "dense + shared"
    assert summed.columns["compute"] == "2 * params * tokens"
    assert summed.excluded == {"no dense": 1}
