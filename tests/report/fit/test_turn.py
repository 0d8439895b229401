"""What a fit says of a metric that falls and rises again, or grows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling


def runs(turn: float, noise: float = 0.003) -> pl.DataFrame:
    params = np.geomspace(1e8, 1e11, 16)
    accuracy = 0.4 + 0.01 * (np.log(params) - np.log(turn)) ** 2
    return pl.DataFrame({"params": params, "accuracy": accuracy + noise * np.random.default_rng(0).normal(size=16)})


def fitted(frame: pl.DataFrame, law: str):
    return scaling.fit(frame, law=law, x="params", loss="accuracy", loss_unit="accuracy", space="linear", replicates=60)


def test_a_turn_within_the_runs_is_said_to_exclude_that_the_metric_is_monotone():
    assert "within the runs, so it is not monotone" in fitted(runs(3e9), "u-shaped").results[0].sentence
    outside = fitted(runs(3e11), "u-shaped").results[0]
    assert "may lie outside the runs, so it may be monotone" in outside.sentence


@pytest.mark.parametrize("law", ["sigmoid", "logarithmic", "u-shaped"])
def test_a_law_of_metrics_that_grow_is_not_told_that_the_metric_grows(law):
    growing = runs(1e7)
    assert "metric-grows" not in {found.code for found in fitted(growing, law).caveats}
    assert "metric-grows" in {found.code for found in fitted(growing, "power").caveats}
