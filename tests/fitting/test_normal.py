"""Damped normal equations, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.normal import damped_step, solve_positive

SMALL, LARGE = 3, 8  # coordinates: below and from where LAPACK solves


def systems(k, replicates=4):
    rng = np.random.default_rng(k)
    roots = rng.normal(size=(replicates, k + 2, k))
    return np.einsum("rni,rnj->rij", roots, roots), rng.normal(size=(replicates, k))


def solved(matrix, right):
    return np.linalg.solve(matrix, right[:, :, None])[:, :, 0]


@pytest.mark.parametrize("k", [1, SMALL, LARGE - 1, LARGE])
def test_each_replicate_solves_its_own_system(k):
    matrix, right = systems(k)
    assert solve_positive(matrix, right) == pytest.approx(solved(matrix, right), rel=1e-9)


def test_the_arguments_are_left_alone():
    matrix, right = systems(SMALL)
    copies = matrix.copy(), right.copy()
    solve_positive(matrix, right)
    damped_step(matrix, right, np.ones(4), np.zeros((4, SMALL), dtype=bool))
    assert (matrix == copies[0]).all()
    assert (right == copies[1]).all()


def test_one_singular_system_of_many_coordinates_does_not_spoil_the_others():
    matrix, right = systems(LARGE)
    matrix[1] = 0.0
    others = [0, 2, 3]
    with np.errstate(all="ignore"):  # as in the solver
        found = solve_positive(matrix, right)
    assert found[others] == pytest.approx(solved(matrix[others], right[others]), rel=1e-8)


@pytest.mark.parametrize("k", [SMALL, LARGE])
def test_damping_adds_its_share_of_the_diagonal(k):
    matrix, gradient = systems(k)
    damping = np.array([0.0, 0.1, 1.0, 10.0])
    damped = matrix + damping[:, None, None] * matrix * np.eye(k)
    step = damped_step(matrix, gradient, damping, np.zeros((4, k), dtype=bool))
    assert step == pytest.approx(solved(damped, gradient), rel=1e-9)


@pytest.mark.parametrize("k", [SMALL, LARGE])
def test_held_coordinates_stay_and_the_others_solve_the_rest(k):
    matrix, gradient = systems(k)
    held = np.zeros((4, k), dtype=bool)
    held[2, 1] = True
    step = damped_step(matrix, gradient, np.zeros(4), held)
    free = ~held[2]
    assert step[2, 1] == 0.0
    assert step[2, free] == pytest.approx(np.linalg.solve(matrix[2][np.ix_(free, free)], gradient[2, free]))
    assert step[[0, 1, 3]] == pytest.approx(solved(matrix, gradient)[[0, 1, 3]])


def test_coordinates_of_very_different_effect_are_solved_as_precisely():
    matrix, gradient = systems(SMALL)
    size = np.array([1e-8, 1.0, 1e8])
    step = damped_step(matrix * size * size[:, None], gradient * size, np.zeros(4), np.zeros((4, SMALL), dtype=bool))
    assert step * size == pytest.approx(solved(matrix, gradient), rel=1e-9)


def test_a_step_that_is_not_finite_is_none():
    matrix, gradient = systems(SMALL)
    gradient[0, 0] = np.nan
    step = damped_step(matrix, gradient, np.zeros(4), np.zeros((4, SMALL), dtype=bool))
    assert np.isfinite(step).all()
    assert step[0, 0] == 0.0


@pytest.mark.parametrize("k", [1, 2, 3, 5, 7])
def test_a_replicate_takes_the_same_step_to_the_last_bit_whatever_is_beside_it(k):
    generator = np.random.default_rng(k)
    rows = generator.standard_normal((40, 9, k))
    normal, gradient = rows.swapaxes(1, 2) @ rows, generator.standard_normal((40, k))
    normal[:4, 0, 0] = 0.0, np.nan, np.inf, -1.0
    normal[4] = 0.0
    gradient[5, 0] = np.inf
    damping, held = 10 ** generator.uniform(-17, 3, 40), generator.random((40, k)) < 0.1
    with np.errstate(all="ignore"):
        among = damped_step(normal, gradient, damping, held)
        for few in (1, 2, 4):
            for i in range(0, 40, few):
                some = slice(i, i + few)
                alone = damped_step(normal[some], gradient[some], damping[some], held[some])
                np.testing.assert_array_equal(alone, among[some])
