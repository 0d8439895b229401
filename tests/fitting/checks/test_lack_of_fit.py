"""Lack of fit against pure error, and the numbers of configurations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f

from scaling_cli.arrays import numbered_columns
from scaling_cli.fitting.checks.influence import outlying_doubts
from scaling_cli.fitting.checks.repeats import by_inputs
from scaling_cli.fitting.noise.scatter import scatter
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law

CELLS = np.array([0, 0, 1, 1, 2, 2, 2, 3])
RESIDUAL = np.array([0.1, 0.3, -0.2, -0.1, 0.2, 0.0, 0.1, -0.3])


@pytest.mark.parametrize("weights", [np.ones(8), np.linspace(0.5, 1.5, 8)])
def test_lack_of_fit_is_the_f_test_of_means_against_the_spread_within(weights):
    means = np.array([np.average(RESIDUAL[cell == CELLS], weights=weights[cell == CELLS]) for cell in range(4)])
    total = np.array([weights[cell == CELLS].sum() for cell in range(4)])
    lack = total @ means**2 / (4 - 2)
    pure = weights @ (RESIDUAL - means[CELLS]) ** 2 / (8 - 4)
    assert scatter(CELLS, RESIDUAL, weights, 2).p_value == pytest.approx(f.sf(lack / pure, 2, 4))


def test_without_a_degree_of_freedom_there_is_no_test():
    assert scatter(CELLS, RESIDUAL, np.ones(8), 4).p_value == 1.0
    assert scatter(CELLS, RESIDUAL, np.ones(8), 3).p_value < 1.0
    assert scatter(np.arange(8), RESIDUAL, np.ones(8), 2).p_value == 1.0
    one = np.array([0, 0, 1, 2, 3, 4, 5, 6])
    assert scatter(one, RESIDUAL, np.ones(8), 2).p_value < 1.0


def test_equal_inputs_have_equal_numbers():
    found = numbered_columns(np.array([[1.0, 2, 1, 2, 1], [5.0, 5, 6, 5, 5]]))
    assert found[0] == found[4]
    assert found[1] == found[3]
    assert sorted(set(found.tolist())) == [0, 1, 2]
    assert numbered_columns(np.array([[7.0]])).tolist() == [0]


def line(off=0.0, points=20, noise=0.001, runs=None, place=7):
    x = np.geomspace(1e18, 1e22, points)
    loss = 30 * x**-0.06 * np.exp(noise * np.random.default_rng(0).standard_normal(points))
    loss[place] *= np.exp(off)
    return problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(points) if runs is None else runs)


def test_single_points_become_configurations_and_checkpoints_stay_runs():
    x = np.array([1e18, 1e18, 1e19, 1e20, 1e20])
    single = problem_from_arrays(find_law("power"), {"x": x}, 30 * x**-0.06, np.arange(5))
    assert by_inputs(single).runs.tolist() == [0, 0, 1, 2, 2]
    several = problem_from_arrays(find_law("power"), {"x": x}, 30 * x**-0.06, np.array([0, 1, 0, 1, 2]))
    assert by_inputs(several).runs.tolist() == [0, 1, 0, 1, 2]


def said(**options):
    problem = line(**options)
    names = tuple(f"r{i}" for i in range(problem.run_count))
    return [each.message for each in outlying_doubts(optimum(problem, Objective()), names, None)]


@pytest.mark.parametrize(("off", "side"), [(0.05, "above"), (-0.05, "below")])
def test_a_run_far_off_is_named_with_its_side(off, side):
    (message,) = said(off=off)
    assert "r7" in message
    assert side in message
    assert said(off=0.005) == []


def test_what_is_less_than_three_in_a_thousand_is_not_far():
    assert said(off=0.0025, noise=1e-6) == []
    assert len(said(off=0.0036, noise=1e-6)) == 1


def test_an_outlier_needs_three_runs_beside_the_parameters():
    assert said(points=4, off=0.5, noise=1e-6, place=1) == []
    assert len(said(points=9, off=0.5, noise=1e-6, place=4)) == 1


def test_further_runs_as_far_off_are_counted():
    problem = line(off=0.05)
    loss = problem.observed.copy()
    loss[12] *= np.exp(-0.08)
    both = problem_from_arrays(problem.law, problem.columns, loss, problem.runs)
    names = tuple(f"r{i}" for i in range(20))
    (message,) = [each.message for each in outlying_doubts(optimum(both, Objective()), names, None)]
    assert "r12" in message
    assert "1 more run does" in message
