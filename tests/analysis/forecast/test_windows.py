"""Rolling origins, and the points that they train on."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.forecast.windows import ForecastPoints, count_scales, windows


def points(scale, columns=None, weights=None):
    scale = np.asarray(scale, dtype=float)
    n = len(scale)
    return ForecastPoints(columns or {"x": scale}, np.linspace(3, 2, n), np.arange(n), scale, weights)


def test_origins_train_on_all_points_up_to_a_share_of_the_largest():
    found = windows(points(2.0 ** np.arange(10)), (2.0, 4.0, 8.0))
    assert [origin.reach for origin in found] == [2.0, 4.0, 8.0]
    assert [origin.cutoff for origin in found] == [256.0, 128.0, 64.0]
    assert [origin.trained.sum() for origin in found] == [9, 8, 7]


def test_origins_with_equal_points_count_once_with_the_first_reach():
    found = windows(points(4.0 ** np.arange(8)), (2.0, 3.9, 4.1))
    assert [(origin.reach, origin.trained.sum()) for origin in found] == [(2.0, 7), (4.1, 6)]


@pytest.mark.parametrize(("count", "origins"), [(6, 1), (5, 0)])
def test_five_points_are_needed_to_train_on(count, origins):
    assert len(windows(points(2.0 ** np.arange(count)), (2.0,))) == origins
    assert len(windows(points(2.0 ** np.arange(count)), (2.0,), fewest=4)) == 1


def test_three_scales_are_needed_to_train_on():
    for scale, origins in (([1, 1, 1, 2, 2, 8], 0), ([1, 1, 2, 2, 4, 8], 1)):
        assert len(windows(points(scale), (2.0,))) == origins


def test_sizes_are_those_of_params_where_they_are_an_input():
    whole = np.ones(6, dtype=bool)
    some = points(range(1, 7), {"params": np.array([1.0, 1, 2, 2, 3, 3]), "tokens": np.ones(6)})
    assert count_scales(some, whole) == 3
    assert count_scales(some, np.array([1, 1, 1, 0, 0, 0], dtype=bool)) == 2
    assert count_scales(points(range(1, 7)), whole) == 6


def test_points_are_chosen_by_index_or_mask_with_all_they_have():
    some = points([1, 2, 4], weights=np.array([1.0, 2.0, 3.0]))
    for chosen in (np.array([2, 0]), np.array([True, False, True])):
        part = some.at(chosen)
        assert len(part) == 2
        assert sorted(part.scale) == [1, 4]
        assert sorted(part.weights) == [1, 3]
        assert sorted(part.columns["x"]) == [1, 4]
    assert points([1, 2]).at(np.array([0])).weights is None


def test_weights_are_powers_of_the_scale_times_the_points_own():
    assert points([1, 2, 4]).weighted(0.5) == pytest.approx([0.5, 0.5**0.5, 1.0])
    assert points([1, 2, 4], weights=np.array([2.0, 1, 3])).weighted(1.0) == pytest.approx([0.5, 0.5, 3.0])
    assert points([1, 2, 4]).weighted(0.0).tolist() == [1, 1, 1]
