"""The distinct values of an array are those of np.unique."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.arrays import distinct

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
