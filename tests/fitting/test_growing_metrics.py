"""Metrics that grow, such as accuracies, can be fitted where they have no logs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import FitError, UsageError


@pytest.fixture
def accuracies() -> pl.DataFrame:
    compute = np.geomspace(1e18, 1e23, 20)
    accuracy = 0.85 - 0.85 * (compute / 1e18) ** -0.15 + 0.01 * np.random.default_rng(1).standard_normal(20)
    accuracy[0] = 0.0
    return pl.DataFrame({"compute": compute, "accuracy": accuracy})


def fit(frame: pl.DataFrame, **options):
    return scaling.fit(frame, mapping={"loss": "accuracy"}, **options)


def test_zero_is_a_point_in_linear_space_alone(accuracies):
    linear = fit(accuracies, law="saturating-power", space="linear", spread=True).results[0]
    assert linear.points == 20
    assert linear.parameters["c"].estimate == pytest.approx(0.85, abs=0.06)
    assert linear.parameters["b"].low < -0.15 < linear.parameters["b"].high
    in_logs = fit(accuracies, law="saturating-power", interval="none")
    assert in_logs.results[0].points == (accuracies["accuracy"] > 0).sum()
    assert "rows-excluded" in {found.code for found in in_logs.caveats}


@pytest.mark.parametrize("law", ["logarithmic", "hill", "power", "a - b*log(compute)"])
def test_laws_that_grow_take_zeros(accuracies, law):
    result = fit(accuracies, law=law, space="linear", interval="none").results[0]
    assert result.points == 20
    assert np.isfinite(result.quality.rmse_log)


def test_ranking_wants_logs(accuracies):
    with pytest.raises(UsageError, match="ranks laws by log loss"):
        fit(accuracies, law="all", space="linear", interval="none")


@pytest.mark.parametrize("law", ["chinchilla", "chinchilla-tied"])
def test_a_law_that_falls_is_refused_for_what_it_is_fitted_to(law):
    params, tokens = (grid.ravel() for grid in np.meshgrid(np.geomspace(1e7, 3e9, 6), np.geomspace(2e8, 6e10, 6)))
    grown = 0.9 - 30 / params**0.3 - 60 / tokens**0.3
    frame = pl.DataFrame({"params": params, "tokens": tokens, "loss": grown})
    with pytest.raises(FitError, match="grows with"):
        scaling.fit(frame, law=law)
