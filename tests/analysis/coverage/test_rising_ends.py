"""The lower end of coverage never falls as attempts grow, because coverage itself does not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.coverage.printed import printed_ends
from tests.grids import one_in

K = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000]


@pytest.mark.parametrize("seed", one_in(4, range(4)))
@pytest.mark.parametrize("law", ["all", "zero-inflated"])
def test_lower_ends_of_forecasts_rise(seed, law):
    rng = np.random.default_rng(seed)
    rates = np.where(rng.random(24) < 0.9, rng.beta(0.6, 1.2, 24), 0.0)
    attempts = 40
    rows = pl.DataFrame({"problem_id": range(24), "n": attempts, "c": rng.binomial(attempts, rates)})
    result = scaling.inference_coverage(rows, fit=law, k=K, replicates=100, force=True).results[0]
    by_law: dict[str, list[float]] = {}
    for row in sorted(result.forecast, key=lambda row: row.k):
        if row.low is not None:
            by_law.setdefault(row.law, []).append(row.low)
            assert row.estimate is None or row.low <= row.estimate <= row.high
    assert by_law
    for ends in by_law.values():
        assert (np.diff(ends) >= -1e-12).all()
    measured = [row.low for row in result.coverage]
    assert (np.diff(measured) >= -1e-12).all()


def test_an_end_that_is_not_known_stays_unknown():
    low, high = printed_ends(np.array([[0.2, np.nan, 0.1, 0.4], [0.7, np.nan, 0.6, 0.9]]), 0.95)
    assert np.array_equal(low, [0.2, np.nan, 0.2, 0.4], equal_nan=True)
    assert np.array_equal(high, [0.7, np.nan, 0.7, 0.9], equal_nan=True)
