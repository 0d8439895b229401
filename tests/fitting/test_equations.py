"""Normal equations summed over blocks of points are those of all points."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting import problem as problems
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.equations import Data, evaluated
from scaling_cli.fitting.normal import ROWS, triangles
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.uncertainty import bootstrap, wild
from scaling_cli.laws import find_law


@pytest.fixture
def surface() -> Problem:
    random = np.random.default_rng(0)
    params = 10 ** random.uniform(7, 9, 300)
    tokens = params * random.uniform(5, 300, 300)
    loss = (1.8 + 480 / params**0.34 + 2000 / tokens**0.37) * np.exp(0.01 * random.standard_t(3, 300))
    columns = {"params": params, "tokens": tokens}
    weights = random.uniform(0.5, 2, 300)
    return problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(300), weights=weights)


def in_blocks(monkeypatch):
    monkeypatch.setattr(problems, "MANY_POINTS", 100)
    monkeypatch.setattr(problems, "BLOCK", 64)


@pytest.mark.parametrize("delta", [0.005, np.inf])
def test_sums_over_blocks_are_those_of_all_points(monkeypatch, surface, delta):
    theta = optimum(surface, Objective()).theta + np.random.default_rng(1).normal(0, 0.01, (3, 5))
    count, n = len(theta), len(surface.observed)
    target, weights = (np.broadcast_to(each, (count, n)) for each in (surface.target, surface.weights))
    data, relaxation = Data(target, weights, np.full((count, 1), delta)), np.array([0.02, 0.3, 1.0])
    value, equations = evaluated(surface, theta, data, [])
    in_blocks(monkeypatch)
    blocks = surface.blocks()
    assert [len(part.observed) for _, part in blocks] == [64, 64, 64, 64, 44]
    summed, over_blocks = evaluated(surface, theta, data, blocks)
    assert summed == pytest.approx(value, rel=1e-12)
    for found, expected in zip(
        over_blocks.equations(data, relaxation), equations.equations(data, relaxation), strict=True
    ):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * float(np.abs(expected).max()))


def test_fits_and_replicates_of_many_points_do_not_depend_on_blocks(monkeypatch, surface):
    def everything():
        fitted = optimum(surface, Objective())
        resampling = Resampling(20, 0, 0)
        return fitted.theta, wild(fitted, resampling).theta, bootstrap(fitted, resampling).theta

    expected = everything()
    in_blocks(monkeypatch)
    for found, before in zip(everything(), expected, strict=True):
        assert found == pytest.approx(before, rel=1e-5)  # the solver ends within 1e-4 of a standard error


def test_residuals_and_predictions_of_many_points_do_not_depend_on_blocks(monkeypatch, surface):
    theta = optimum(surface, Objective()).theta[None]
    misses, predictions = surface.misses(theta), surface.predictions(theta)
    in_blocks(monkeypatch)
    assert (surface.misses(theta) == misses).all()
    assert (surface.predictions(theta) == predictions).all()


def test_a_tall_matrix_has_the_singular_values_of_its_triangles():
    matrix = np.random.default_rng(0).normal(size=(2 * ROWS + 7, 3)) * [1.0, 1e-3, 10.0]
    short = triangles(matrix)
    assert short.shape == (9, 3)
    assert np.linalg.svd(short, compute_uv=False) == pytest.approx(np.linalg.svd(matrix, compute_uv=False), rel=1e-12)
    assert short.T @ short == pytest.approx(matrix.T @ matrix, rel=1e-9, abs=1e-9)
