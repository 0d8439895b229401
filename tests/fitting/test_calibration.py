"""Nominal 95 % intervals cover about that, by simulation; `python -m benchmarks calibration` prints the whole table."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.calibration import AUTOMATIC, CURVE, DESIGNS, UNSEEN, coverage, simulate
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.intervals import intervals_asking
from scaling_cli.fitting.optimum import optimum
from scaling_cli.record import replace

DATASETS = 300
# Three standard errors of a share of 95 % among the data sets.
CHANCE = 3 * np.sqrt(0.95 * 0.05 / DATASETS)
MANY = ("surface-40", "surface-24", "surface-24-checkpoints", "curve-40", "curve-20", "curve-20-checkpoints")
VERY_FEW = ("curve-6", "curve-7")
UNEVEN = ("curve-20-uneven", "surface-24-uneven")
APART = ("surface-24-apart", "curve-20-apart", "curve-20-apart-checkpoints")
FEW = ("surface-10", "surface-10-checkpoints", "curve-10", "curve-10-checkpoints")


@pytest.mark.slow
@pytest.mark.parametrize("design", MANY)
def test_default_intervals_from_twenty_runs_and_more_cover_93_to_97_percent(design):
    shares, _, _ = coverage(DESIGNS[design], "wild", DATASETS)
    assert all(0.93 - CHANCE <= share <= 0.97 + CHANCE for share in shares.values()), shares


@pytest.mark.slow
@pytest.mark.parametrize("design", FEW)
def test_default_intervals_from_ten_runs_cover_90_percent(design):
    shares, _, _ = coverage(DESIGNS[design], "wild", DATASETS)
    assert all(share >= 0.90 - CHANCE for share in shares.values()), shares


@pytest.mark.slow
@pytest.mark.parametrize("design", VERY_FEW)
def test_default_intervals_from_six_and_seven_runs_cover_93_to_97_percent(design):
    shares, _, _ = coverage(DESIGNS[design], "wild", DATASETS, first=UNSEEN)
    assert all(0.93 - CHANCE <= share <= 0.97 + CHANCE for share in shares.values()), shares


@pytest.mark.slow
@pytest.mark.parametrize("method", ["wild", "profile"])
@pytest.mark.parametrize("design", UNEVEN)
def test_intervals_under_noise_that_changes_sixfold_with_scale_cover_93_to_97_percent(design, method):
    shares, _, _ = coverage(DESIGNS[design], method, DATASETS, first=UNSEEN)
    assert all(0.93 - CHANCE <= share <= 0.97 + CHANCE for share in shares.values()), shares


@pytest.mark.slow
@pytest.mark.parametrize("design", APART)
def test_default_intervals_cover_at_least_93_percent_where_one_run_decides_a_parameter(design):
    shares, _, _ = coverage(DESIGNS[design], "wild", DATASETS)
    assert all(share >= 0.93 - CHANCE for share in shares.values()), shares


@pytest.mark.slow
@pytest.mark.parametrize("method", ["profile", "sandwich", "bca", "bootstrap"])
def test_other_intervals_from_forty_runs_are_near_their_level(method):
    shares, _, _ = coverage(DESIGNS["curve-40"], method, DATASETS)
    assert all(0.91 - CHANCE <= share <= 0.98 + CHANCE for share in shares.values()), shares


@pytest.mark.slow
def test_points_taken_for_runs_cover_far_too_little():
    held = []
    for seed in range(100):
        problem = simulate(DESIGNS["curve-10-checkpoints"], seed)
        apart = replace(problem, runs=np.arange(len(problem.observed)))
        found = alone(intervals_asking(optimum(apart, AUTOMATIC), "wild", 0.95, Resampling(200, seed, 0)))
        held.append(found.low[1] <= CURVE["b"] <= found.high[1])
    assert np.mean(held) < 0.75
