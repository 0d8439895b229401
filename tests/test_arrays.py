"""The distinct values of an array are those of np.unique, and Jacobians are stored by coordinate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from scaling_cli.arrays import by_coordinates, distinct, from_coordinates, mean_ranks, packed

NAN = float("nan")


@pytest.mark.parametrize(
    "values", [[], [1.0], [3.0, 1.0, 3.0, 2.0, 1.0], [NAN, 1.0, NAN], [NAN], [1.0, float("inf"), NAN, -1.0]]
)
def test_distinct_values_and_places_are_those_of_numpy(values):
    array = np.array(values, dtype=float)
    different, places = distinct(array)
    expected, expected_places = np.unique(array, return_inverse=True)
    assert np.array_equal(different, expected, equal_nan=True)
    assert places.tolist() == expected_places.tolist()


@pytest.mark.parametrize("values", [[], [2.0], [3.0, 1.0, 3.0, 2.0, 3.0, 1.0], [5, 4, 4, 9]])
def test_equal_values_share_their_mean_rank(values):
    assert mean_ranks(np.array(values)).tolist() == (rankdata(values) - 0.5).tolist()


def test_a_jacobian_by_coordinate_has_replicates_and_points_first_without_a_copy():
    slopes = np.arange(24.0).reshape(2, 3, 4)  # two coordinates, three replicates, four points
    jacobian = from_coordinates(slopes)
    assert jacobian.shape == (3, 4, 2)
    assert jacobian[2, 3, 1] == slopes[1, 2, 3]
    assert np.shares_memory(jacobian, slopes)
    assert (by_coordinates(jacobian) == slopes).all()


def test_packed_numbers_are_those_of_the_array():
    found = packed(np.array([[1.5, 2.0], [3.0, 4.0]])[:, 0])
    assert list(found) == [1.5, 3.0]
    assert found == packed(np.array([1.5, 3.0]))
