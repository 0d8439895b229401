"""Replicates of an envelope, with lines and residuals made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation import envelope_replicates as replicates_module
from scaling_cli.analysis.allocation.envelope_replicates import (
    CENTRED,
    CorrectedLosses,
    CurveLaw,
    corrected,
    describes,
    law_of_curves,
    simulated,
)
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.lines import LossLine, PowerLine
from scaling_cli.errors import FitError
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.record import replace

COUNT = CENTRED.replicates
LOWEST = LossLine(np.array([1.7]), np.array([0.5]), np.array([0.15]), 43.0)
LAW = CurveLaw(np.zeros(3), PowerLine(np.array([0.5]), np.array([1.0])), LOWEST)


def lines(first, centred, later):
    """Row 0, the replicates that centre, and those of the interval: exponents, with ten times as large intercepts."""
    exponent = np.concatenate([[first], np.resize(centred, COUNT), later])
    return PowerLine(exponent, 10 * exponent)


def test_what_replicates_err_by_is_taken_off():
    """Replicates of a law with 0.5 average to 0.53, so that 0.60 becomes 0.57; each later one has its own error."""
    found = corrected(lines(0.60, [0.52, 0.54], [0.55, 0.49]), LAW)
    assert found.exponent == pytest.approx([0.57, 0.55, 0.61])
    assert found.intercept == pytest.approx([6.0 - (5.3 - 1.0), 6.0 - (5.5 - 1.0), 6.0 - (4.9 - 1.0)])


def test_what_losses_of_replicates_err_by_is_taken_off():
    """The law's own lowest loss at the centre is 2.2, and hulls of its curves are 0.01 lower on average."""
    floor = np.concatenate([[1.72], np.resize([1.68, 1.70], COUNT), [1.69, 1.75]])
    line = LossLine(floor, np.full(len(floor), 0.5), np.full(len(floor), 0.15), 43.0)
    found = CorrectedLosses(line, LOWEST).at(np.exp(43.0))
    assert found == pytest.approx([2.22 + 0.01, 2.22 + 0.01, 2.22 - 0.05])


@pytest.mark.parametrize(("first", "is_described"), [(0.53, True), (0.569, True), (0.571, False), (0.489, False)])
def test_a_hull_further_off_than_three_standard_deviations_is_not_the_laws(first, is_described):
    """0.52 and 0.54 have a standard deviation of 0.01, and smoothing alone may move a hull by 0.01."""
    made = lines(first, [0.52, 0.54], [0.0])
    assert describes(PowerLine(made.exponent, np.full(len(made.exponent), 5.0)), 0.0) is is_described
    flat = np.full(len(made.exponent), 0.53)
    # The height counts, too, at the middle of the compute: intercept + exponent * middle.
    assert describes(PowerLine(flat, made.exponent), 0.0) is is_described
    assert describes(PowerLine(made.exponent, -40 * made.exponent), 40.0) is is_described


def points(runs):
    n = len(runs)
    log_compute = np.linspace(40, 45, n)
    return AllocationPoints(
        log_compute / 2, log_compute / 2, log_compute, np.exp(np.linspace(1, 0.5, n)), np.array(runs)
    )


def test_losses_of_replicates_lie_around_the_law_by_one_factor_for_each_run():
    """Runs less three that the law absorbs: residuals are widened by the root of 8 / 5,
    and by Student's t with 5 degrees of freedom, whose variance is 5 / 3."""
    curves = points(np.repeat(np.arange(8), 3))
    residuals = np.random.default_rng(0).normal(0, 0.01, 24)
    law = CurveLaw(np.log(curves.loss) - residuals, LAW.best, LOWEST)
    drawn = np.log(simulated(curves, law, Resampling(3000, 0, 0))) - law.log_loss
    factors = (drawn / residuals).reshape(3000, 8, 3)
    assert np.ptp(factors, axis=2).max() < 1e-9
    assert factors.mean(axis=0) == pytest.approx(np.zeros((8, 3)), abs=0.12)
    assert factors.std(axis=0) == pytest.approx(np.full((8, 3), np.sqrt(8 / 3)), rel=0.15)


def test_replicates_that_show_the_mean_error_of_hulls_are_not_widened():
    curves = points(np.repeat(np.arange(5), 3))
    residuals = np.full(15, 0.01)
    law = CurveLaw(np.log(curves.loss) - residuals, LAW.best, LOWEST)
    narrow, wide = (
        (np.log(simulated(curves, law, Resampling(3000, 0, 0), is_widened=each)) - law.log_loss) / residuals
        for each in (False, True)
    )
    assert narrow.std() == pytest.approx(np.sqrt(5 / 2), rel=0.03)
    assert wide.std() > 1.3 * narrow.std()


@pytest.mark.parametrize("runs", [3, 4, 5])
def test_few_runs_have_at_least_two_degrees_of_freedom(runs):
    """On average the log of the root of 2 over chi-squared with 2 degrees of freedom is 0.2886, and Webb's -0.048."""
    curves = points(np.repeat(np.arange(runs), 4))
    residuals = np.full(4 * runs, 0.01)
    law = CurveLaw(np.log(curves.loss) - residuals, LAW.best, LOWEST)
    drawn = np.log(simulated(curves, law, Resampling(4000, 0, 0))) - law.log_loss
    expected = 0.5 * np.log(runs / 2) + 0.2886 - 0.048
    assert np.log(np.abs(drawn / residuals)).mean() == pytest.approx(expected, abs=0.05)


def made(noise=0.0, count=5, rows=40):
    """Curves of a Chinchilla law; the loss of each run is off by its own factor, of size `noise`."""
    log_params = np.repeat(np.log(np.geomspace(1e7, 1e9, count)), rows)
    log_tokens = log_params + np.tile(np.linspace(0.0, 6.0, rows), count)
    loss = 1.7 + 400 * np.exp(-0.34 * log_params) + 410 * np.exp(-0.28 * log_tokens)
    runs = np.repeat(np.arange(count), rows)
    loss = loss * np.exp(noise * np.random.default_rng(0).standard_normal(count))[runs]
    return AllocationPoints(log_params, log_tokens, np.log(6) + log_params + log_tokens, loss, runs)


def test_the_law_of_curves_is_the_one_that_they_follow_with_its_best_splits():
    curves = made()
    found = law_of_curves(curves, float(np.log(6)))
    assert found.log_loss == pytest.approx(np.log(curves.loss), abs=1e-6)
    assert found.best.exponent == pytest.approx(0.28 / 0.62, rel=1e-4)
    scale = (0.34 * 400.0 / (0.28 * 410.0)) ** (1 / 0.62)
    assert found.best.at(1e21) == pytest.approx(scale * (1e21 / 6) ** (0.28 / 0.62), rel=1e-3)
    for compute in (1e18, 1e21):
        params = scale * (compute / 6) ** (0.28 / 0.62)
        loss = 1.7 + 400 * params**-0.34 + 410 * (compute / 6 / params) ** -0.28
        assert found.lowest.at(compute) == pytest.approx(loss, rel=1e-4)
    doubled = law_of_curves(curves, float(np.log(12)))  # twice the compute for a param and a token
    assert doubled.best.at(1e21) == pytest.approx(scale * (1e21 / 12) ** (0.28 / 0.62), rel=1e-3)


def test_curves_that_no_law_of_both_describes_have_none(monkeypatch):
    assert law_of_curves(made(noise=0.01), float(np.log(6))) is not None  # runs may be off as a whole
    bumpy = made()
    wave = 0.012 * np.sin(np.arange(200))
    assert law_of_curves(replace(bumpy, loss=bumpy.loss * np.exp(wave)), float(np.log(6))) is None
    assert law_of_curves(replace(bumpy, loss=bumpy.loss * np.exp(wave / 3)), float(np.log(6))) is not None

    def fails(_):
        raise FitError("no", hint="")

    monkeypatch.setattr(replicates_module, "best_fit", fails)
    assert law_of_curves(made(), float(np.log(6))) is None
