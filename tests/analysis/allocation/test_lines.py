"""Power laws of compute through minima, for all replicates at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from scaling_cli.analysis.allocation.lines import loss_line, power_line

LOGS = np.log(np.geomspace(1e18, 1e22, 6))


def test_a_line_is_a_regression_in_logs_for_each_row():
    generator = np.random.default_rng(0)
    values = np.stack([2 + 0.5 * LOGS, 1 + 0.4 * LOGS]) + 0.1 * generator.standard_normal((2, 6))
    line = power_line(LOGS, values)
    for row in range(2):
        slope, level = np.polyfit(LOGS, values[row], 1)
        assert (line.exponent[row], line.intercept[row]) == pytest.approx((slope, level))
    assert line.at(1e20) == pytest.approx(np.exp(line.intercept + line.exponent * np.log(1e20)))


def test_missing_minima_are_left_out_and_rows_may_have_their_own_compute():
    values = 2 + 0.5 * LOGS
    gaps = np.where(np.arange(6) % 2, np.nan, values)
    shifted = np.stack([LOGS, LOGS + 1])
    line = power_line(shifted, np.stack([gaps, values]))
    assert line.exponent == pytest.approx([0.5, 0.5])
    assert line.intercept == pytest.approx([2.0, 1.5])


@pytest.mark.parametrize(("known", "is_line"), [(2, True), (1, False), (0, False)])
def test_two_minima_are_needed(known, is_line):
    values = np.where(np.arange(6) < known, 2 + 0.5 * LOGS, np.nan)
    line = power_line(LOGS, values[None])
    assert np.isfinite(line.exponent[0]) == is_line
    if is_line:
        assert line.exponent[0] == pytest.approx(0.5)


def losses(floor, gamma, scale=0.5):
    return floor + scale * np.exp(-gamma * (LOGS - LOGS.mean()))


def test_a_loss_line_finds_floor_scale_and_exponent_of_each_row():
    line = loss_line(LOGS, np.stack([losses(1.8, 0.15), losses(1.5, 0.1, 0.8)]))
    assert line.floor == pytest.approx([1.8, 1.5], abs=2e-3)
    assert line.scale == pytest.approx([0.5, 0.8], abs=2e-3)
    assert line.gamma == pytest.approx([0.15, 0.1], abs=1e-3)
    compute = float(np.exp(LOGS.mean() + 1.0))
    assert line.at(compute) == pytest.approx([1.8 + 0.5 * np.exp(-0.15), 1.5 + 0.8 * np.exp(-0.1)], abs=1e-3)


@pytest.mark.parametrize("compute", [np.geomspace(1e18, 1e22, 6), np.array([1e18, 2e18, 3e18, 5e18, 1e21, 1e22])])
def test_a_floor_is_never_negative(compute):
    """Losses that fall faster than any power above zero would have a floor below it."""
    logs = np.log(compute)
    losses = 3.0 - 0.3 * (logs - logs[0])
    line = loss_line(logs, losses[None])
    assert line.floor[0] == 0.0
    # Then the line is a power of compute, the best by least squares in the loss itself.
    best = curve_fit(lambda x, a, g: a * np.exp(-g * x), logs - logs.mean(), losses, [1.0, 0.2])[0]
    assert (line.scale[0], line.gamma[0]) == pytest.approx(best, rel=0.01)


@pytest.mark.parametrize(("known", "is_line"), [(4, True), (3, False)])
def test_a_floor_needs_four_minima(known, is_line):
    values = np.where(np.arange(6) < known, losses(1.8, 0.15), np.nan)
    assert (loss_line(LOGS, values[None]) is not None) is is_line


def test_missing_minima_of_a_row_do_not_count_in_a_loss_line():
    whole = losses(1.8, 0.15)
    line = loss_line(LOGS, np.stack([whole, np.where(np.arange(6) == 2, np.nan, whole)]))
    assert line.floor == pytest.approx([1.8, 1.8], abs=2e-3)


@pytest.mark.parametrize("gamma", [0.02, 0.8])
def test_exponents_at_the_ends_of_the_grid_are_found(gamma):
    assert loss_line(LOGS, losses(1.8, gamma)[None]).gamma[0] == pytest.approx(gamma, abs=2e-3)
