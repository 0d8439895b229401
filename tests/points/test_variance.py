"""How much of the variance the levels of a column explain."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import fdtrc

from scaling_cli.points.variance import among_others, dummies, explained_by, left_by, sums, surface

NOTHING = np.zeros((12, 0))


@pytest.mark.parametrize(("n", "terms"), [(4, 2), (11, 2), (12, 3), (15, 3), (16, 4), (100, 4)])
def test_a_surface_of_one_input_becomes_cubic_as_there_are_points(n, terms):
    x = np.linspace(1.0, 2.0, n)
    basis = surface([x], n)
    assert basis.shape == (n, terms)
    assert left_by(1 + 2 * x, basis) == pytest.approx(np.zeros(n), abs=1e-12)


@pytest.mark.parametrize(("n", "terms"), [(15, 3), (16, 4), (20, 5), (24, 6), (28, 7), (32, 8), (500, 8)])
def test_a_surface_of_two_inputs_has_squares_products_and_cubes(n, terms):
    generator = np.random.default_rng(0)
    x, y = generator.uniform(size=(2, n))
    basis = surface([x, y, np.full(n, 3.0)], n)  # a constant input adds nothing
    assert basis.shape == (n, terms)
    values = x**2 + 3 * y**2 - x * y + x**3 - y**3
    assert (np.abs(left_by(values, basis)).max() < 1e-10) == (terms == 8)


def test_sums_are_over_cells():
    columns = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    assert sums(columns, np.array([1, 0, 1]), 3).tolist() == [[2.0, 20.0], [5.0, 50.0], [0.0, 0.0]]


def test_runs_within_the_range_of_another_level_are_among_others():
    values, labels = np.array([1.0, 3.0, 2.0, 5.0, 3.0]), np.array([0, 0, 1, 1, 2])
    assert among_others(values, labels).tolist() == [False, True, True, False, True]
    assert among_others(np.array([1.0, 2.0, 1.0, 0.9]), np.array([0, 0, 1, 2])).tolist() == [True, False, True, False]


def test_a_level_is_a_column_of_ones():
    assert dummies(np.array([1, 0, 1])).tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]


def two_groups(n=12, size=1.0, noise=0.1):
    labels = np.arange(n) % 2
    rest = size * (labels - 0.5) + noise * np.random.default_rng(1).standard_normal(n)
    return rest - rest.mean(), dummies(labels) - 0.5


def test_the_share_and_the_chance_are_those_of_an_analysis_of_variance():
    rest, columns = two_groups()
    found = explained_by("dataset", rest, NOTHING, columns, 1)
    assert found.column == "dataset"
    first, second = rest[::2], rest[1::2]
    after = ((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()
    before = np.sum(rest**2)
    assert found.share == pytest.approx(1 - (after / 10) / (before / 11), rel=1e-9)
    assert found.chance == pytest.approx(fdtrc(1, 10, (before - after) / (after / 10)), rel=1e-9)


def test_what_was_taken_before_is_not_explained_again():
    rest, columns = two_groups()
    assert explained_by("copy", rest, columns, np.hstack([columns, columns]), 1) is None
    other = dummies(np.arange(12) // 6) - 0.5
    beside = explained_by("other", rest + other[:, 0], other, np.hstack([other, columns]), 1)
    assert beside.share > 0.9


@pytest.mark.parametrize(("terms", "is_judged"), [(7, True), (8, False)])
def test_four_runs_must_be_left_to_judge_by(terms, is_judged):
    rest, columns = two_groups()
    assert (explained_by("x", rest, NOTHING, columns, terms) is not None) == is_judged


@pytest.mark.parametrize(("size", "is_large"), [(0.0059, False), (0.0061, True)])
def test_effects_as_small_as_those_of_seeds_do_not_count(size, is_large):
    rest, columns = two_groups(size=size, noise=0.0)  # half of the difference is the deviation of the effects
    assert (explained_by("x", rest, NOTHING, columns, 1) is not None) == is_large
