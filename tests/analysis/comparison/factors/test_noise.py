"""The noise of cells that is known better by all of them, against its formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import digamma, polygamma

from scaling_cli.analysis.comparison.factors.noise import (
    MOST_PRIOR,
    OwnFits,
    _clipped_square,
    _deltas,
    _inverse_trigamma,
    _squares,
    differ,
    median_scales,
    noise_power,
    own_residuals,
    settled_fits,
    shrunk,
)
from scaling_cli.analysis.comparison.models import parts
from scaling_cli.fitting.noise.model import LEAST_SPREAD
from scaling_cli.record import replace
from tests.analysis.comparison.factors.simulations import Design

DESIGN = Design((2, 2), (9, 12, 15, 18))
MEMBERS = DESIGN.members()
FREEDOM = np.array([6.0, 9, 12, 15])


def targets(count=3, design=DESIGN, members=MEMBERS):
    return design.targets(members, count)


def thetas(members, count):
    return [np.tile(member.theta, (count, 1)) for member in members]


@pytest.mark.parametrize("prior", [0.5, 4.0, 30.0])
def test_the_prior_is_that_whose_trigamma_explains_the_excess_of_the_spread(prior):
    """By Smyth (2004): the variance of the logs, less that of chance, is the trigamma of half the prior's freedom."""
    freedom = np.full(6, 5.0)
    spread = np.sqrt(float(polygamma(1, prior / 2)) + float(polygamma(1, 2.5)))
    step = np.linspace(-1, 1, 6)
    logs = step / step.std(ddof=1) * spread
    squares = 5.0 * np.exp(logs)[None]
    scales, found = shrunk(squares, freedom)
    assert found[0] == pytest.approx(prior, rel=1e-4)
    centred = logs - digamma(2.5) + np.log(2.5)
    centre = np.exp(centred.mean() + digamma(prior / 2) - np.log(prior / 2))
    assert scales[0] == pytest.approx(np.sqrt((squares[0] + prior * centre) / (5.0 + prior)), rel=1e-4)


def test_cells_of_equal_noise_count_together():
    squares = np.array([[4.0, 8.0, 12.0]])
    scales, prior = shrunk(squares, np.array([2.0, 4.0, 6.0]))
    assert prior[0] == MOST_PRIOR
    assert scales[0] == pytest.approx(np.full(3, np.sqrt(2.0)), rel=1e-3)
    alone, prior = shrunk(np.array([[8.0]]), np.array([2.0]))
    assert (alone[0, 0], prior[0]) == (pytest.approx(2.0), MOST_PRIOR)


def test_each_data_set_has_its_own_prior():
    both = np.array([[5.0, 5.0, 5.0, 5.0], [0.1, 50.0, 0.2, 90.0]])
    scales, prior = shrunk(both, np.full(4, 5.0))
    assert prior[0] == MOST_PRIOR
    assert prior[1] < 10
    assert scales[1, 1] > 3 * scales[1, 0]


def test_residuals_and_leverage_are_those_of_each_cells_own_regression():
    target = targets()
    residuals, leverage = own_residuals(MEMBERS, thetas(MEMBERS, 3), target, np.ones(target.shape))
    for member, part in zip(MEMBERS, parts(MEMBERS), strict=True):
        expected, slopes = member.problem.residuals(np.tile(member.theta, (3, 1)), target[:, part])
        assert residuals[:, part] == pytest.approx(expected)
        design = slopes[0]
        hat = design @ np.linalg.pinv(design)
        assert leverage[0, part] == pytest.approx(np.minimum(np.diag(hat), leverage.max()), abs=1e-6)
        assert leverage[0, part].sum() == pytest.approx(3, abs=0.2)


def test_scales_are_median_residuals_in_units_of_a_gaussian():
    """Of cells with equal noise, they are pooled; alone, a cell keeps its own."""
    residuals = np.array([[1.0, -2, 3, -4, 5, -6, 7, -8, 9]])
    (alone,) = MEMBERS[:1]
    found = median_scales([alone], residuals, np.array([6.0]))
    assert found[0, 0] == pytest.approx(1.4826 * 5 * np.sqrt(9 / 6))
    even = Design((2, 1), (12,)).members()
    twelve = np.tile(np.arange(1.0, 13), (1, 2))
    found = median_scales(even, twelve, np.array([9.0, 9.0]))
    assert found[0] == pytest.approx(np.full(2, 1.4826 * 6.5 * np.sqrt(12 / 9)), rel=1e-3)


def test_weights_are_inverse_squares_of_the_noise():
    n = sum(member.points for member in MEMBERS)
    shape = np.linspace(1, 2, 2 * n).reshape(2, n)
    scales = np.array([[1.0, 2, 3, 4], [2.0, 2, 2, 2]])
    own = [np.linspace(0.5, 1.5, member.points) for member in MEMBERS]
    members = [
        replace(member, problem=replace(member.problem, weights=weights))
        for member, weights in zip(MEMBERS, own, strict=True)
    ]
    fits = OwnFits((), scales, np.ones(2), shape, shape, shape, scales, scales)
    assert fits.point_weights(members) == pytest.approx(np.concatenate(own) / shape**2)
    each = np.repeat(scales, [member.points for member in members], axis=1)
    assert fits.weights(members) == pytest.approx(np.concatenate(own) / shape**2 / each**2)


def test_settled_fits_are_least_squares_with_pooled_noise():
    """With an infinite delta, each cell's fit is its own, and the sum of squares has its degrees of freedom."""
    wide = [replace(member, delta=np.inf, is_tuned=False) for member in MEMBERS]
    target = targets(4)
    found = settled_fits(wide, thetas(wide, 4), target)
    assert np.isinf(found.deltas).all()
    weights = found.point_weights(wide)
    for member, theta, part in zip(wide, found.thetas, parts(wide), strict=True):
        residuals, slopes = member.problem.residuals(theta, target[:, part])
        gradient = np.einsum("rn,rnk->rk", residuals * weights[:, part], slopes)
        assert gradient == pytest.approx(np.zeros(gradient.shape), abs=1e-6)
    residuals, _ = own_residuals(wide, found.thetas, target, found.shape)
    squares = np.stack([((residuals**2 * weights)[:, part]).sum(axis=1) for part in parts(wide)], axis=1)
    scales, prior = shrunk(squares, FREEDOM)
    assert found.scales == pytest.approx(scales, rel=1e-6)
    assert found.prior == pytest.approx(prior, rel=1e-6)


def test_a_tuned_delta_follows_the_noise_and_a_given_one_does_not():
    target = targets(2)
    tuned = settled_fits([replace(member, is_tuned=True) for member in MEMBERS], thetas(MEMBERS, 2), target)
    for cell, part in enumerate(parts(MEMBERS)):
        ratio = tuned.deltas[:, part] / tuned.shape[:, part]
        assert np.ptp(ratio, axis=1) == pytest.approx(np.zeros(2), abs=1e-12)
        assert (ratio[:, 0] / tuned.scales[:, cell] > 0.8).all()
    given = settled_fits(
        [replace(member, is_tuned=False, delta=0.01) for member in MEMBERS], thetas(MEMBERS, 2), target
    )
    assert given.deltas / given.shape == pytest.approx(np.full(given.shape.shape, 0.01))


def test_noise_that_grows_with_scale_has_a_power_with_evidence():
    for spread, sign in ((9.0, -1), (1 / 9, 1)):
        design = Design((2, 2), (30,), spread=spread)
        members = design.members()
        target = design.targets(members, 5)
        residuals, leverage = own_residuals(members, thetas(members, 5), target, np.ones(target.shape))
        size = median_scales(members, residuals, np.full(4, 27.0))
        along, power, evidence = noise_power(members, residuals, leverage, size)
        assert (np.sign(power) == sign).all()
        assert (evidence > 9).all()
        assert along.shape == (120,)


def test_a_tuned_delta_is_1_345_times_the_noise_of_many_points():
    design = Design((2, 1), (1500,))
    members = design.members()
    found = settled_fits(members, thetas(members, 2), targets(2, design, members))
    # Standard errors of a scale from 1,500 points are 2 %.
    assert found.deltas / found.shape == pytest.approx(np.full(found.shape.shape, 1.345 * 0.003), rel=0.06)
    # In units of the objective: E psi^2 / E psi' is 0.865 of the variance.
    assert found.scales == pytest.approx(np.full((2, 2), 0.93 * 0.003), rel=0.06)


@pytest.mark.parametrize("times", [0.5, 1.0, 2.0])
def test_noise_is_in_units_of_the_objective_whatever_delta(times):
    """E psi^2 / E psi' of Gaussian noise clipped at delta, by numerical integration."""
    design = Design((2, 1), (1500,))
    members = [replace(member, is_tuned=False, delta=times * 0.003) for member in design.members()]
    found = settled_fits(members, thetas(members, 2), targets(2, design, members))
    z = np.linspace(-8, 8, 20001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    inside = np.trapezoid(density * (np.abs(z) <= times), z)
    square = np.trapezoid(density * np.clip(z, -times, times) ** 2, z)
    assert found.scales == pytest.approx(np.full((2, 2), 0.003 * np.sqrt(square / inside)), rel=0.08)


def test_variances_differ_where_bartletts_test_says_so():
    from scipy.stats import bartlett

    generator = np.random.default_rng(2)
    for ratio in (1.0, 1.8, 2.2, 2.6, 4.0):
        samples = [generator.normal(0, size, count) for size, count in ((1.0, 9), (ratio, 12), (1.0, 20))]
        squares = np.array([[float(((sample - sample.mean()) ** 2).sum()) for sample in samples]])
        freedom = np.array([8.0, 11.0, 19.0])
        assert differ(squares, freedom)[0] == (bartlett(*samples).pvalue < 0.1)
    assert not differ(np.array([[3.0]]), np.array([4.0]))[0]


def test_noise_that_differs_is_judged_cell_by_cell_and_other_noise_together():
    wide = [replace(member, delta=np.inf, is_tuned=False) for member in MEMBERS]
    target = targets(3)
    exact = np.concatenate([member.problem.target for member in wide])
    louder = exact + (target - exact) * np.repeat([1.0, 9.0, 1.0, 9.0], [9, 12, 15, 18])
    even, uneven = settled_fits(wide, thetas(wide, 3), target), settled_fits(wide, thetas(wide, 3), louder)
    assert uneven.known == pytest.approx(np.tile(FREEDOM, (3, 1)))
    assert (uneven.spreads[:, [1, 3]] > 4 * uneven.spreads[:, [0, 2]]).all()
    assert not np.allclose(uneven.spreads, uneven.scales)
    is_even = ~differ((even.spreads**2) * FREEDOM, FREEDOM)
    assert is_even.any()
    assert even.spreads[is_even] == pytest.approx(even.scales[is_even])
    assert even.known[is_even] == pytest.approx(FREEDOM + even.prior[is_even, None])


def test_the_noise_of_some_cells_is_taken_out_of_that_of_all():
    fits = settled_fits(MEMBERS, thetas(MEMBERS, 2), targets(2))
    points = np.concatenate([np.arange(9, 21), np.arange(36, 54)])
    some = fits.subset([1, 3], points)
    assert [theta.tolist() for theta in some.thetas] == [fits.thetas[1].tolist(), fits.thetas[3].tolist()]
    for name in ("scales", "spreads", "known"):
        assert (getattr(some, name) == getattr(fits, name)[:, [1, 3]]).all()
    for name in ("shape", "deltas", "target"):
        assert (getattr(some, name) == getattr(fits, name)[:, points]).all()
    assert (some.prior == fits.prior).all()


def test_bartletts_correction_decides_near_the_limit():
    """Between the ratios at which the plain and the corrected likelihood ratio reach the 10 % point of chi-squared."""
    from scipy.optimize import brentq
    from scipy.stats import chi2

    freedom = np.array([3.0, 3.0, 4.0])
    total = freedom.sum()

    def ratio(times):
        variances = np.array([1.0, times, 1.0])
        return total * np.log(freedom @ variances / total) - freedom @ np.log(variances)

    correction = 1 + (np.sum(1 / freedom) - 1 / total) / (3 * 2)
    limit = chi2.ppf(0.9, 2)
    corrected = brentq(lambda times: ratio(times) / correction - limit, 1.5, 1e4)
    for times, is_different in ((0.99, False), (1.01, True)):
        squares = np.array([[1.0, times * corrected, 1.0]]) * freedom
        assert differ(squares, freedom)[0] == is_different


def weighted(members, *factors):
    """The cells with uneven weights, those of each cell times its factor."""
    return [
        replace(each, problem=replace(each.problem, weights=factor * np.linspace(0.5, 2.0, each.points)))
        for each, factor in zip(members, factors, strict=True)
    ]


def test_leverage_is_that_of_a_regression_weighted_by_weights_and_noise():
    members, target = weighted(MEMBERS, 1, 1, 1, 1), targets()
    shape = np.linspace(1.0, 3.0, target.size).reshape(target.shape)
    _, leverage = own_residuals(members, thetas(members, 3), target, shape)
    for member, part in zip(members, parts(members), strict=True):
        slopes = member.problem.residuals(np.tile(member.theta, (3, 1)), target[:, part])[1]
        for row in range(3):
            design = slopes[row] * (np.sqrt(member.problem.weights) / shape[row, part])[:, None]
            hat = np.diag(design @ np.linalg.pinv(design))
            assert leverage[row, part] == pytest.approx(np.minimum(hat, 1 - LEAST_SPREAD), abs=1e-6)


def test_weights_of_all_points_only_change_the_unit_of_the_noise_of_least_squares():
    plain = [replace(each, delta=np.inf, is_tuned=False) for each in MEMBERS]
    first, second = (
        settled_fits(weighted(plain, *([factor] * 4)), thetas(plain, 2), targets(2)) for factor in (1.0, 9.0)
    )
    assert second.scales == pytest.approx(3 * first.scales, rel=2e-3)
    assert second.spreads == pytest.approx(3 * first.spreads, rel=2e-3)
    for theta, other in zip(first.thetas, second.thetas, strict=True):
        assert other == pytest.approx(theta, abs=2e-3)


def test_deltas_are_those_of_the_objective_or_of_the_noise_over_the_roots_of_weights():
    members = weighted(MEMBERS, 1, 2, 3, 4)
    members[1] = replace(members[1], is_tuned=False, delta=0.01)
    shape = np.linspace(1.0, 3.0, 108).reshape(2, 54)
    size = np.arange(1.0, 9.0).reshape(2, 4)
    found = _deltas(members, size, shape)
    for cell, part in enumerate(parts(members)):
        root = np.sqrt(members[cell].problem.weights)
        own = np.full((2, 1), 0.01) if cell == 1 else 1.345 * size[:, [cell]]
        assert found[:, part] == pytest.approx(own * shape[:, part] / root)


def test_squares_are_those_of_clipped_residuals_over_the_share_inside():
    from scipy.stats import norm

    (cell,) = MEMBERS[:1]
    residuals = np.array([[0.5, -1.0, 1.5, -2.0, 2.5, -3.0, 3.5, -4.0, 0.25]] * 2)
    size = np.array([[1.5], [0.5]])
    found = _squares([cell], residuals, np.full((2, 9), 2.0), size)[:, 0]
    total = 0.25 + 1.0 + 2.25 + 0.0625 + 5 * 4.0
    for value, scale in zip(found, size[:, 0], strict=True):
        share = norm.cdf(2.0 / scale) - norm.cdf(-2.0 / scale)
        inside = 5 / 9 / (1 + 3 / 9 * (1 / share - 1))
        assert value == pytest.approx(total / inside, rel=1e-6)
    few = _squares([cell], residuals, np.full((2, 9), 0.1), size)[0, 0]  # none is inside: a tenth is taken
    share = norm.cdf(0.1 / 1.5) - norm.cdf(-0.1 / 1.5)
    assert few == pytest.approx(9 * 0.01 / (0.1 / (1 + 3 / 9 * (1 / share - 1))))
    lad = _squares([replace(cell, delta=1e-12)], residuals, np.full((2, 9), 0.1), size)[0, 0]
    assert lad == pytest.approx(9 * 0.01 / share, rel=1e-6)


@pytest.mark.parametrize("k", [0.2, 1.0, 1.345, 3.0])
def test_the_square_of_clipped_gaussian_noise_is_its_integral(k):
    z = np.linspace(-9, 9, 40001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    expected = np.trapezoid(np.clip(z, -k, k) ** 2 * density, z) / np.trapezoid((np.abs(z) <= k) * density, z)
    assert float(_clipped_square(np.array(k))) == pytest.approx(expected, rel=2e-3)
    assert float(_clipped_square(np.array(np.inf))) == pytest.approx(1.0)


@pytest.mark.parametrize("value", [1e-3, 0.1, 1.0, 30.0])
def test_the_trigamma_function_is_inverted(value):
    assert polygamma(1, _inverse_trigamma(np.array([value]))) == pytest.approx([value], rel=1e-8)


def test_exact_data_have_the_least_noise_there_is():
    exact = np.concatenate([member.problem.target for member in MEMBERS])[None]
    found = settled_fits(MEMBERS, thetas(MEMBERS, 1), exact)
    assert (found.scales > 0).all()
    assert (found.scales < 1e-7).all()
    assert np.isfinite(found.weights(MEMBERS)).all()
