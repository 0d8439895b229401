"""Residuals corrected for leverage, and degrees of freedom, against their definitions by dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from scaling_cli.fitting.leverage import LEFT_OUT, UNBIASED, bread, curvature, freed_residuals, freedom
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law


def fitted(runs, *, weights=None, objective=None, seed=0):
    """A power law, which is linear in its coordinates."""
    n = len(runs)
    x = np.geomspace(1e18, 1e21, n)
    loss = 30 * x**-0.06 * np.exp(0.01 * np.random.default_rng(seed).standard_normal(n))
    problem = problem_from_arrays(find_law("power"), {"x": x}, loss, np.asarray(runs), weights=weights)
    return optimum(problem, objective or Objective("least-squares"))


def parts(fit):
    """Design, weights and hat matrix of the weighted regression."""
    design, root = fit.linearised[1], np.sqrt(fit.problem.weights)
    weighted = root[:, None] * design
    return design, root, weighted @ np.linalg.inv(weighted.T @ weighted) @ weighted.T


SINGLE, PAIRS, UNEVEN = np.arange(12), np.arange(12) // 2, np.array([0, 0, 0, 1, 2, 2, 3, 4, 5, 5, 5, 6])


@pytest.mark.parametrize("runs", [SINGLE, PAIRS, UNEVEN])
@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, 12)])
def test_a_residual_without_its_run_is_that_of_the_fit_without_it(runs, weights):
    fit = fitted(runs, weights=weights)
    found = freed_residuals(fit, LEFT_OUT)
    design, root, _ = parts(fit)
    target = design @ fit.theta + fit.linearised[0]
    for run in range(int(runs.max()) + 1):
        kept = runs != run
        theta = np.linalg.lstsq(root[kept, None] * design[kept], (root * target)[kept], rcond=None)[0]
        assert found[~kept] == pytest.approx((target - design @ theta)[~kept], rel=1e-6)


@pytest.mark.parametrize("runs", [SINGLE, PAIRS])
def test_unbiased_residuals_are_divided_by_the_root_of_what_is_left(runs):
    fit = fitted(runs)
    hat = parts(fit)[2]
    found = freed_residuals(fit, UNBIASED)
    for run in range(int(runs.max()) + 1):
        own = np.flatnonzero(runs == run)
        left = np.eye(len(own)) - hat[np.ix_(own, own)]
        expected = np.linalg.inv(np.real(sqrtm(left))) @ fit.linearised[0][own]
        assert found[own] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("runs", [SINGLE, PAIRS, UNEVEN])
def test_degrees_of_freedom_are_satterthwaites(runs):
    """The variance of a coordinate is a sum of squares over runs; its mean and variance follow from dense matrices."""
    fit = fitted(runs)
    design, _, hat = parts(fit)
    inverse = np.linalg.inv(design.T @ design)
    own = [np.flatnonzero(runs == run) for run in range(int(runs.max()) + 1)]
    together = (runs[:, None] == runs[None]).astype(float)  # errors that a run's points share
    degrees = []
    for slope in _slopes(fit):
        vectors = []
        for points in own:
            left = np.eye(len(points)) - hat[np.ix_(points, points)]
            vector = np.zeros(len(runs))
            vector[points] = np.linalg.inv(np.real(sqrtm(left))) @ (design[points] @ inverse @ slope)
            vectors.append((np.eye(len(runs)) - hat) @ vector)
        cross = np.array(vectors) @ together @ np.array(vectors).T
        degrees.append(np.trace(cross) ** 2 / np.sum(cross * cross))
    assert freedom(fit) == pytest.approx(max(np.median(degrees), 1.0), rel=1e-6)


def _slopes(fit):
    """Gradients of log a and of b in centred coordinates: b is one, and log a is that less b times the centre."""
    centre = np.log(fit.problem.columns["x"]).mean()
    return np.array([[1.0, -centre], [0.0, 1.0]])


def test_of_more_than_a_thousand_runs_the_freedom_is_runs_less_parameters():
    assert freedom(fitted(np.arange(1001))) == 999
    assert freedom(fitted(np.arange(1000))) < 998


def test_a_robust_objective_curves_only_near_its_residuals():
    assert curvature(fitted(SINGLE)) == 1.0
    # For Gaussian noise and a delta of 1.345 standard deviations, 82 % of residuals lie inside.
    assert curvature(fitted(np.arange(40), objective=Objective())) == pytest.approx(0.821, abs=1e-3)
    wide = fitted(np.arange(40), objective=Objective("huber", 10.0))
    assert curvature(wide) == pytest.approx(1.0)


def test_the_bread_inverts_the_weighted_curvature():
    fit = fitted(SINGLE, weights=np.linspace(0.5, 1.5, 12))
    design, root, _ = parts(fit)
    weighted = root[:, None] * design
    assert bread(fit) == pytest.approx(np.linalg.inv(weighted.T @ weighted), rel=1e-6)
    robust = fitted(np.arange(40), objective=Objective())
    design = robust.linearised[1]
    assert bread(robust) == pytest.approx(np.linalg.inv(design.T @ design) / curvature(robust), rel=1e-6)
