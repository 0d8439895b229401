"""The size of the noise and its change with scale, by their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.noise.model import NoiseModel, noise_model, power_of, scale_of
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law

ALONG = np.linspace(-4.0, 4.0, 60)


@pytest.mark.parametrize("power", [-0.2, -0.05, 0.0, 0.1])
def test_the_power_of_exact_noise_is_found(power):
    """Where squared residuals are exactly those of a power, scoring ends there."""
    found, error, evidence = power_of(np.exp(2 * power * ALONG)[None], ALONG, 0.9)
    assert found[0] == pytest.approx(power, abs=2e-3)
    room = float((ALONG**2).sum())
    assert error == pytest.approx(1 / np.sqrt(2 * room * 0.9))
    assert evidence[0] == pytest.approx((found[0] / error) ** 2)


def test_each_row_has_its_own_power_and_size_does_not_matter():
    rows = np.stack([np.exp(0.2 * ALONG), 0.5 * np.exp(-0.2 * ALONG)])
    assert power_of(rows, ALONG, 0.9)[0] == pytest.approx([0.1, -0.1], abs=2e-3)


def test_points_at_one_scale_say_nothing_of_a_power():
    power, error, evidence = power_of(np.ones((2, 5)), np.zeros(5), 0.9)
    assert (power.tolist(), error, evidence.tolist()) == ([0, 0], 0.0, [0, 0])


def test_one_large_residual_hardly_counts():
    spoilt = np.ones((1, 60))
    spoilt[0, -1] = 1e6
    assert abs(power_of(spoilt, ALONG, 0.9)[0][0]) < 0.1


def test_the_scale_is_the_log_of_the_product_of_the_inputs_without_its_mean():
    x, z = np.array([1.0, 10.0, 100.0]), np.array([2.0, 2.0, 8.0])
    logs = np.log(x * z)
    assert scale_of([x, z], 3) == pytest.approx(logs - logs.mean())
    assert scale_of([x, np.array([1.0, 0.0, 2.0])], 3).tolist() == [0, 0, 0]


def test_deviations_have_the_size_of_the_residuals_and_the_shape_of_the_power():
    weights = np.linspace(0.5, 1.5, 60)
    weighted = 0.01 * np.exp(0.1 * ALONG) * np.tile([1.0, -1.0], 30)
    model = NoiseModel(ALONG, weighted, weights, 0.1, 0.02, 58.0)
    assert model.is_uneven
    for step in (0.0, 1.0):
        shape = np.exp((0.1 + 0.02 * step) * ALONG)
        size = np.sqrt(np.sum((weighted / shape) ** 2) / 58)
        assert model.deviations(np.array([step]))[0] == pytest.approx(size * shape / np.sqrt(weights))
    assert not NoiseModel(ALONG, weighted, weights, 0.0, 0.02, 58.0).is_uneven


def fitted(sizes, seed=0):
    n = len(sizes)
    x = np.geomspace(1e18, 1e22, n)
    loss = 30 * x**-0.06 * np.exp(sizes * np.random.default_rng(seed).standard_normal(n))
    problem = problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(n))
    return optimum(problem, Objective("least-squares"))


def test_the_power_of_a_fit_is_shrunk_by_what_chance_explains():
    fit = fitted(0.03 * np.geomspace(1, 1 / 9, 60))
    model = noise_model(fit)
    residual, design = fit.linearised
    hat = design @ np.linalg.inv(design.T @ design) @ design.T
    along = scale_of(fit.problem.columns.values(), 60)
    scale = 1.4826 * np.median(np.abs(residual)) * np.sqrt(60 / 58)
    powers, error, evidence = power_of(residual[None] ** 2 / scale**2 / (1 - np.diag(hat)), along, 58 / 60)
    kept = 1 - 1 / evidence[0]
    assert evidence[0] > 4
    assert model.power == pytest.approx(powers[0] * kept, rel=1e-6)
    assert model.error == pytest.approx(error * np.sqrt(kept), rel=1e-6)
    assert model.freedom == 58
    assert model.weighted == pytest.approx(residual)
    assert model.along == pytest.approx(along)
