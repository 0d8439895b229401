"""Patterns in residuals against ordinary regression, and residuals of neighbours against all sign patterns."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.checks.adequacy import misfit
from scaling_cli.fitting.checks.neighbours import equal_p_value, neighbour_p_value
from scaling_cli.fitting.checks.tails import two_tails
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law

SQUARES = Objective("least-squares")


MANY = 620  # points: more than the test of neighbours takes, so that patterns along an input are named


def bent(points=MANY, size=0.0006, noise=0.001, seed=0, runs=None, weights=None):
    """A straight line in logs with a bend, in units of the half range."""
    x = np.geomspace(1e18, 1e22, points)
    z = np.linspace(-1, 1, points)
    loss = 20 * x**-0.05 * np.exp(size * z**2 + noise * np.random.default_rng(seed).standard_normal(points))
    runs = np.arange(points) if runs is None else runs
    return z, optimum(problem_from_arrays(find_law("power"), {"x": x}, loss, runs, weights=weights), SQUARES)


def regression(z, fitted):
    """t of the squared term by ordinary least squares, its freedom, and its t by errors for uneven noise."""
    root = np.sqrt(fitted.problem.weights)
    design = np.column_stack([np.ones(len(z)), z, z**2]) * root[:, None]
    y = fitted.problem.target * root
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    rest = y - design @ beta
    freedom = len(z) - 3
    left = 1 - np.einsum("nk,kl,nl->n", design, inverse, design)
    meat = design.T @ (design * (rest / np.maximum(left, 0.2))[:, None] ** 2)
    robust = (inverse @ meat @ inverse)[2, 2]
    return beta[2] / np.sqrt(rest @ rest / freedom * inverse[2, 2]), freedom, beta[2] / np.sqrt(robust)


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, MANY)])
def test_a_bend_has_the_p_value_of_the_squared_term_of_a_regression(weights):
    z, fitted = bent(weights=weights)
    found = alone(misfit(fitted, names_better=False))
    t, freedom, robust = regression(z, fitted)
    assert found.pattern.what == "bend along x"
    assert found.pattern.p_value == pytest.approx(two_tails(t, freedom), rel=1e-3)
    assert found.pattern.robust_p_value == pytest.approx(two_tails(robust, freedom), rel=0.02)
    assert found.better is None


def test_waves_along_the_input_are_named():
    x, z = np.geomspace(1e18, 1e22, MANY), np.linspace(-1, 1, MANY)
    noise = np.exp(0.001 * np.random.default_rng(1).standard_normal(MANY))
    for shape, what in ((z**3 - 0.6 * z, "bend twice along x"), (z**4 - 6 / 7 * z**2, "oscillate along x")):
        loss = 20 * x**-0.05 * np.exp(0.03 * shape) * noise
        fitted = optimum(problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(MANY)), SQUARES)
        assert alone(misfit(fitted, names_better=False)).pattern.what == what


def test_a_weak_bend_is_noise():
    assert alone(misfit(bent(size=0.0001)[1], names_better=False)) is None


@pytest.mark.parametrize(("points", "is_tested"), [(6, False), (7, True)])
def test_five_runs_more_than_parameters_are_needed(points, is_tested):
    found = alone(misfit(bent(points, size=0.2, noise=1e-4)[1], names_better=False))
    assert (found is not None) == is_tested


def test_residuals_of_rounding_are_no_pattern():
    assert alone(misfit(bent(size=1e-7, noise=0.0)[1], names_better=False)) is None
    assert alone(misfit(bent(size=1e-5, noise=1e-8)[1], names_better=False)) is not None


def test_points_of_one_run_count_once():
    """The sum of squares of 620 points is spread over 155 - 3 degrees of freedom, as if it were that of 155 points."""
    z, fitted = bent(size=0.001)
    _, copied = bent(size=0.001, runs=np.arange(MANY) // 4)
    t, freedom, _ = regression(z, fitted)
    assert alone(misfit(fitted, names_better=False)).pattern.p_value == pytest.approx(two_tails(t, freedom), rel=0.01)
    found = alone(misfit(copied, names_better=False))
    assert found.pattern.p_value == pytest.approx(two_tails(t * np.sqrt(152 * 4 / freedom), 152), rel=0.02)


def resembling(n=12, seed=0, runs=None):
    generator = np.random.default_rng(seed)
    inputs = np.linspace(-1, 1, n)[:, None]
    basis = np.linalg.qr(np.column_stack([np.ones(n), inputs[:, 0]]))[0]
    noise = generator.standard_normal(n)
    return inputs, noise - basis @ (basis.T @ noise), basis, np.arange(n) if runs is None else runs


def nearness(inputs, clusters):
    """Gaussian weights of such a width that a point has four neighbours."""
    squares = ((inputs[:, None] - inputs[None]) ** 2).sum(axis=2)
    apart = clusters[:, None] != clusters[None]
    low, high = 1e-3, 10.0
    for _ in range(60):
        width = np.sqrt(low * high)
        near = np.exp(-squares / (2 * width**2)) * apart
        low, high = (width, high) if near.sum() < 4 * len(inputs) else (low, width)
    return near


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_the_p_value_is_the_share_of_all_sign_patterns_that_resemble_neighbours_as_much(seed):
    inputs, residual, basis, runs = resembling(seed=seed)
    near = nearness(inputs, runs)
    asked = residual @ near @ residual / (residual @ residual)
    left = np.maximum(1 - (basis**2).sum(axis=1), 0.2)
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=12)))
    turned = signs * residual / np.sqrt(left)
    turned -= turned @ basis @ basis.T
    share = np.mean(np.einsum("rn,nm,rm->r", turned, near, turned) >= asked * (turned**2).sum(axis=1))
    found = neighbour_p_value(inputs, residual, basis, runs)
    drawn = 199 if found > 0.02 else 2199
    assert found == pytest.approx(share, abs=3.5 * np.sqrt(share * (1 - share) / drawn) + 1 / drawn)


def test_a_wave_is_found_with_all_patterns_drawn():
    inputs, _, basis, runs = resembling(40)
    wave = np.sin(3 * np.pi * inputs[:, 0]) + 0.05 * np.random.default_rng(0).standard_normal(40)
    residual = wave - basis @ (basis.T @ wave)
    assert neighbour_p_value(inputs, residual, basis, runs) == pytest.approx(1 / 2200)


def test_too_few_or_too_many_points_and_exact_ones_have_no_say():
    for n in (7, 601):
        inputs, residual, basis, runs = resembling(n)
        assert neighbour_p_value(inputs, np.sin(3 * np.pi * inputs[:, 0]), basis, runs) == 1.0
    inputs, residual, basis, runs = resembling(8)
    assert neighbour_p_value(inputs, residual, basis, runs) < 1.0
    assert neighbour_p_value(inputs, 0 * residual, basis, runs) == 1.0


def test_points_of_a_run_or_at_equal_inputs_are_no_neighbours():
    generator = np.random.default_rng(1)
    shared = np.repeat(generator.standard_normal(12), 6)
    inputs = np.linspace(-1, 1, 72)[:, None]
    basis = np.full((72, 1), 72**-0.5)
    residual = shared - shared.mean()
    assert neighbour_p_value(inputs, residual, basis, np.arange(72)) < 0.005
    assert neighbour_p_value(inputs, residual, basis, np.repeat(np.arange(12), 6)) > 0.05
    equal = np.repeat(np.linspace(-1, 1, 12), 6)[:, None]
    assert neighbour_p_value(equal, residual, basis, np.arange(72)) > 0.05


def sizes(share, seed, *, levels=8, durations=4):
    """Inputs of a grid of sizes and durations, and residuals whose variance has this share in common at one size."""
    generator = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, levels), np.linspace(-1, 1, durations), indexing="ij"), axis=-1)
    common = np.sqrt(share) * generator.standard_normal((levels, 1))
    own = np.sqrt(1 - share) * generator.standard_normal((levels, durations))
    inputs = grid.reshape(-1, 2)
    basis = np.linalg.qr(np.column_stack([np.ones(len(inputs)), inputs]))[0]
    residual = (common + own).ravel()
    return inputs, residual - basis @ (basis.T @ residual), basis, np.arange(len(inputs))


def equal(data, place=0):
    inputs, residual, basis, runs = data
    return equal_p_value(inputs, place, residual, basis, runs)


def test_runs_of_one_size_that_share_an_error_are_found_and_others_are_not():
    assert np.mean([equal(sizes(0.9, seed)) <= 0.001 for seed in range(40)]) >= 0.9
    assert max(equal(sizes(0.9, seed), place=1) <= 0.001 for seed in range(40)) == 0
    by_chance = [equal(sizes(0.0, seed)) for seed in range(300)]
    assert np.mean([p_value <= 0.1 for p_value in by_chance]) == pytest.approx(0.1, abs=0.06)
    assert sum(p_value <= 0.001 for p_value in by_chance) <= 2


def test_few_sizes_and_sizes_with_one_run_each_say_nothing():
    assert equal(sizes(0.9, 0, levels=4)) == 1.0
    assert equal(sizes(0.9, 0, levels=12, durations=1)) == 1.0


def test_repeats_of_equal_inputs_are_no_pairs_of_one_size():
    inputs, residual, basis, _ = sizes(0.0, 3, levels=12, durations=2)
    many = [np.repeat(each, 4, axis=0) for each in (inputs, residual, basis / 2)]
    assert equal_p_value(many[0], 0, many[1], many[2], np.arange(96)) > 0.01
