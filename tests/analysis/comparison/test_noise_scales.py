"""The noise of each group, by formulas written out for residuals that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from scaling_cli.analysis.comparison.models import parts
from scaling_cli.analysis.comparison.noise_scales import (
    gaussian_share,
    middle_size,
    noise_scales,
    overfit,
    robust_square,
    shared_freedom,
)
from scaling_cli.record import replace
from tests.analysis.comparison.test_models import group


def members(*points):
    return [group("abc"[i], law="power", points=count, seed=i, noise=0.01 * (i + 1)) for i, count in enumerate(points)]


def scales(groups, **options):
    target = np.concatenate([each.problem.target for each in groups])[None]
    return noise_scales(groups, [each.theta[None] for each in groups], target, [each.delta for each in groups],
                        **options)[0]  # fmt: skip


def squares(groups):
    return np.array([float((each.problem.residuals(each.theta[None])[0] ** 2).sum()) for each in groups])


def test_the_variance_of_a_group_is_pooled_with_one_residual_of_average_size():
    groups = members(12, 8)
    total = squares(groups)
    average = total.sum() / (10 + 6)
    assert scales(groups) == pytest.approx(np.sqrt((total + average) / (np.array([10, 6]) + 1)), rel=1e-9)


def test_a_group_of_two_spare_points_is_not_pooled_with_a_large_one():
    assert shared_freedom(members(4, 23)).tolist() == [0.0, 0.0]
    assert shared_freedom(members(4, 22)).tolist() == [1.0, 1.0]
    assert shared_freedom(members(5, 40)).tolist() == [1.0, 1.0]
    groups = members(4, 23)
    assert scales(groups) == pytest.approx(np.sqrt(squares(groups) / np.array([2, 21])), rel=1e-9)


def test_weights_and_the_shape_of_the_noise_enter():
    groups = members(12, 8)
    heavy = [replace(each, problem=replace(each.problem, weights=np.full(each.points, 4.0))) for each in groups]
    assert scales(heavy) == pytest.approx(2 * scales(groups))
    assert scales(groups, shape=np.full((1, 20), 2.0)) == pytest.approx(scales(groups) / 2)


def test_exact_data_have_hardly_any_noise_but_some():
    exact = [group("a", law="power", points=12, noise=0.0), group("b", law="power", points=12, noise=0.0)]
    assert (scales(exact) >= 1e-9).all()
    assert (scales(exact) < 1e-7).all()


def test_the_middle_size_is_the_median_of_even_and_odd_numbers():
    assert middle_size(np.array([[-3.0, 1.0, 2.0], [0.0, -5.0, 4.0]])).tolist() == [2.0, 4.0]
    assert middle_size(np.array([[-3.0, 1.0, 2.0, -10.0]])).tolist() == [2.5]


RESIDUALS = np.array([[0.5, -1.0, 1.5, -2.0, 2.5, -3.0, 3.5, -4.0]])  # of median size 2.25, for two parameters


def test_the_share_inside_delta_is_that_of_gaussian_noise_of_the_median_size():
    (eight,) = members(8)
    size = np.sqrt(8 / 6) * 1.4826 * 2.25
    expected = norm.cdf(2.0 / size) - norm.cdf(-2.0 / size)
    assert gaussian_share(RESIDUALS, eight, 2.0) == pytest.approx([expected], rel=1e-4)
    assert gaussian_share(RESIDUALS, eight, np.full((1, 8), 2.0)) == pytest.approx([expected], rel=1e-4)


def test_squares_beyond_delta_are_cut_off_and_divided_by_the_share_inside():
    (eight,) = members(8)
    eight = replace(eight, delta=2.0)
    share = float(gaussian_share(RESIDUALS, eight, 2.0)[0])
    correction = 1 + 2 / 8 * (1 / share - 1)
    assert overfit(RESIDUALS, eight, 2.0) == pytest.approx([correction])
    cut = 0.25 + 1.0 + 2.25 + 5 * 4.0
    assert robust_square(RESIDUALS, eight, 2.0) == pytest.approx([cut / (4 / 8 / correction)])
    few = robust_square(RESIDUALS, eight, 0.1)  # no point is inside: a tenth of them is taken
    assert few == pytest.approx([8 * 0.01 / (0.1 / float(overfit(RESIDUALS, eight, 0.1)[0]))])


def test_a_delta_that_follows_the_residuals_is_corrected_twice():
    (eight,) = members(8)
    tuned = replace(eight, delta=2.0, is_tuned=True)
    inside = norm.cdf(1.345) - norm.cdf(-1.345)
    assert overfit(RESIDUALS, tuned, 2.0) == pytest.approx((1 + 2 / 8 * (1 / inside - 1)) ** 2, rel=1e-4)


def test_least_absolute_deviations_take_the_share_of_gaussian_noise():
    (eight,) = members(8)
    lad = replace(eight, delta=1e-12)
    found = robust_square(RESIDUALS, lad, np.full((1, 8), 1e-12))
    assert found == pytest.approx(8e-24 / gaussian_share(RESIDUALS, lad, 1e-12), rel=1e-6)


def test_each_data_set_has_its_own_noise():
    groups = members(12, 8)
    target = np.concatenate([each.problem.target for each in groups])
    centre = np.concatenate([each.problem.target - each.problem.residuals(each.theta[None])[0][0] for each in groups])
    both = np.stack([target, centre + 3 * (target - centre)])
    thetas = [np.tile(each.theta, (2, 1)) for each in groups]
    found = noise_scales(groups, thetas, both, [each.delta for each in groups])
    assert found[1] == pytest.approx(3 * found[0], rel=1e-6)
    assert [part.stop - part.start for part in parts(groups)] == [12, 8]
