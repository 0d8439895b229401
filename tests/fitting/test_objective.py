"""The functions of residuals that fits minimise, and robust scales."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import huber as scipys_huber

from scaling_cli.fitting.objective import Objective, huber, robust_scale, root_deviances

RESIDUALS = np.array([[-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]])
WEIGHTS = np.array([1.0, 2, 1, 1, 1, 0.5, 1])


@pytest.mark.parametrize("delta", [0.1, 0.5, 1.0, 10.0])
def test_hubers_function_is_that_of_scipy(delta):
    assert huber(RESIDUALS, WEIGHTS, delta)[0] == pytest.approx(scipys_huber(delta, RESIDUALS[0]) @ WEIGHTS)


def test_an_infinite_delta_gives_half_the_squares():
    assert huber(RESIDUALS, WEIGHTS, np.inf)[0] == pytest.approx(0.5 * RESIDUALS[0] ** 2 @ WEIGHTS)


def test_rows_may_have_their_own_weights():
    both = np.concatenate([RESIDUALS, 2 * RESIDUALS])
    rows = np.stack([WEIGHTS, WEIGHTS[::-1]])
    expected = [0.5 * each**2 @ own for each, own in zip(both, rows, strict=True)]
    assert huber(both, rows, np.inf) == pytest.approx(expected)


def test_least_absolute_deviations_are_reported_as_their_sum():
    assert Objective("lad").value(RESIDUALS, WEIGHTS, 1e-7)[0] == pytest.approx(np.abs(RESIDUALS[0]) @ WEIGHTS)
    assert Objective("huber").value(RESIDUALS, WEIGHTS, 1.0)[0] == huber(RESIDUALS, WEIGHTS, 1.0)[0]


def test_a_robust_scale_is_the_median_size_in_units_of_a_gaussian():
    values = np.array([-4.0, 3.0, -1.0, 2.0, 100.0])
    assert robust_scale(values, 0) == pytest.approx(1.4826 * 3)
    assert robust_scale(values[:4], 0) == pytest.approx(1.4826 * 2.5)
    assert robust_scale(values, 2) == pytest.approx(1.4826 * 3 * np.sqrt(5 / 3))
    assert robust_scale(values, 5) == robust_scale(values, 9) == pytest.approx(1.4826 * 3 * np.sqrt(5))
    gaussian = np.random.default_rng(0).standard_normal(20_000)
    assert robust_scale(gaussian, 0) == pytest.approx(1.0, abs=0.03)


def test_a_weighted_median_has_half_the_weight_on_each_side():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert robust_scale(values, 0, np.ones(4)) == pytest.approx(1.4826 * 2.5)
    assert robust_scale(values, 0, np.array([1.0, 1, 1, 97])) == pytest.approx(1.4826 * np.interp(
        0.5, [0.005, 0.015, 0.025, 0.515], values
    ))  # fmt: skip


@pytest.mark.parametrize("observed", [0.0, 0.2, 0.7, 1.0])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_roots_of_deviances_give_the_likelihood_and_its_slope(observed, p):
    def log_likelihood(at):
        return (observed * np.log(at) if observed else 0.0) + ((1 - observed) * np.log(1 - at) if observed < 1 else 0.0)

    root, slope = root_deviances(np.array([observed]), np.array([[p]]))
    best = log_likelihood(observed) if 0 < observed < 1 else 0.0
    assert root[0, 0] ** 2 / 2 == pytest.approx(best - log_likelihood(p))
    assert np.sign(root[0, 0]) == np.sign(observed - p)
    step = 1e-6
    up, down = (root_deviances(np.array([observed]), np.array([[p + move]]))[0][0, 0] for move in (step, -step))
    assert slope[0, 0] == pytest.approx((up - down) / (2 * step), rel=1e-5)


def test_at_its_own_share_a_root_is_zero_with_a_finite_slope():
    root, slope = root_deviances(np.array([0.3]), np.array([[0.3]]))
    assert root[0, 0] == pytest.approx(0, abs=1e-7)
    assert slope[0, 0] == pytest.approx(-1 / np.sqrt(0.3 * 0.7))


def test_certain_probabilities_have_finite_roots_and_unknown_ones_none():
    root, slope = root_deviances(np.array([0.5, 0.5, 0.5]), np.array([[0.0, 1.0, np.nan]]))
    assert np.isfinite(root[0, :2]).all()
    assert np.isfinite(slope[0, :2]).all()
    assert np.isnan(slope[0, 2])
