"""Valleys along a grid of params."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.basins import DEPTH, Valley, nearest_minimum, valley


def test_the_lowest_valley_lies_between_the_highest_places_beside_it():
    losses = np.array([3.0, 2.5, 2.8, 2.2, 2.0, 2.4, 1.0])
    assert valley(losses) == Valley(2, 4, 5)
    assert valley(losses[:4]) == Valley(0, 1, 2)
    assert valley(np.array([2.0, 1.0, 3.0])) == Valley(0, 1, 2)


@pytest.mark.parametrize("losses", [[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [1.0, 2.0, 1.0], [2.0, 2.0, 2.0]])
def test_without_higher_losses_on_both_sides_there_is_no_valley(losses):
    assert valley(np.array(losses)) is None


def test_both_sides_are_higher_by_more_than_rounding():
    for rise, is_valley in ((0.5 * DEPTH, False), (2 * DEPTH, True)):
        for losses in ([2 + rise, 2.0, 3.0], [3.0, 2.0, 2 + rise]):
            assert (valley(np.array(losses)) is not None) is is_valley


def test_each_row_has_the_minimum_nearest_to_a_place():
    losses = np.array([[3.0, 1, 2, 2.5, 1.5, 2], [3, 2, 1, 2, 3, 4], [6, 5, 4, 3, 2, 1], [9, 1, 1, 1, 9, 9]])
    places, has_one = nearest_minimum(losses, 4)
    assert has_one.tolist() == [True, True, False, True]
    assert places[[0, 1, 3]].tolist() == [4, 2, 1]
    assert nearest_minimum(losses, 1)[0][[0, 1]].tolist() == [1, 2]
    assert nearest_minimum(losses[:1], 2)[0][0] == 1
