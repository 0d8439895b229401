"""Intervals of forecasts hold held-out larger runs about as often as they claim, by `benchmarks/extrapolation.py`.

The bounds are wide for what they bound: a few families of runs, whose errors are alike within each.
"""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from scaling_cli.analysis.forecast.windows import windows
from tests import ROOT


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("extrapolation")


@pytest.mark.slow
@pytest.mark.parametrize(("what", "widest"), [("curves", 0.10), ("surfaces", 0.055)])
def test_nine_in_ten_held_out_runs_lie_in_narrow_intervals(benchmark, shared_data, what, widest):
    """Intervals are narrow where runs could be held out; without them they must still hold the larger runs."""
    cases = list(getattr(benchmark, what)(shared_data))
    inside, widths, hindsight = benchmark.coverage(cases, [benchmark.default(case) for case in cases])
    tested = np.array([len(windows(case.points)) > 0 for case in cases])
    assert 0.88 <= inside.mean() <= 0.95
    assert np.median(widths[tested]) <= widest
    assert np.median(widths[tested]) <= 1.3 * np.median(hindsight[tested])
    assert inside[~tested].mean() >= 0.86 if (~tested).any() else True
