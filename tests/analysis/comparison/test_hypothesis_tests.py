"""Statistics and their null distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.analysis.comparison.hypothesis_tests import fit_nested, holm, resampled, spare_runs
from scaling_cli.analysis.comparison.models import Member, floors
from scaling_cli.analysis.comparison.nested import fit_contrast, null_distribution_of, same_exponent
from scaling_cli.analysis.comparison.noise_scales import shared_freedom
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.profile import standard_errors
from scaling_cli.analysis.comparison.sharing import same_exponent_of
from scaling_cli.analysis.comparison.uneven import evened, marked, modelled_deviations
from scaling_cli.analysis.comparison.wild_draws import wild_weights
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from tests.analysis.comparison.simulations import RUN_NOISE, SCARCE, Cell, binomial_bounds, fitted, shares
from tests.analysis.comparison.test_models import group

SEVERAL = Resampling(200, 0, 1)


def test_holm_orders_adjusts_and_leaves_the_unknown_alone():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.01, None, 0.6]) == [pytest.approx(0.02), None, pytest.approx(0.6)]
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_random_weights_have_mean_zero_and_variance_one_and_are_one_a_run():
    runs = np.repeat(np.arange(6), 3)
    drawn = wild_weights(Resampling(4000, 0, 1), range(4000), runs)
    assert (np.ptp(drawn.reshape(4000, 6, 3), axis=2) == 0).all()
    # Six runs times 4,000 replicates: standard errors of 0.006 and 0.005.
    assert drawn.mean() == pytest.approx(0, abs=0.03)
    assert drawn.var() == pytest.approx(1, abs=0.03)
    some = wild_weights(Resampling(10, 0, 1), range(4, 6), runs)
    np.testing.assert_array_equal(some, drawn[4:6])


def test_new_losses_lie_around_the_null_and_keep_the_size_of_its_residuals():
    posed = fit_contrast(same_exponent([group("a", points=8), group("b", c=1.3, points=8, seed=1)], is_paired=False))
    signs = wild_weights(SEVERAL, range(200), posed.contrast.null.runs)
    new = resampled(posed.contrast, posed.null, posed.contrast.null.target, signs)
    residuals = posed.contrast.null.residuals(posed.null[None])[0][0]
    predicted = posed.contrast.null.target - residuals
    np.testing.assert_allclose((new - predicted) / residuals, signs, rtol=1e-6)


def widened(cell):
    """Squares of the residuals that replicates turn, over those of the null's."""
    posed = fit_contrast(same_exponent(cell.members(), is_paired=False))
    noisy = np.concatenate(cell.noisy(list(posed.contrast.groups), 0))
    new = resampled(posed.contrast, posed.null, noisy, np.ones((1, len(noisy))))[0]
    residuals = posed.contrast.null.residuals(posed.null[None], noisy[None])[0][0]
    turned = new - (noisy - residuals)
    return float(np.sum(turned**2) / np.sum(residuals**2))


@pytest.mark.parametrize("checkpoints", [1, 4])
def test_residuals_are_widened_where_runs_hardly_outnumber_parameters(checkpoints):
    assert widened(Cell(5, (1.7, 1.3), checkpoints=checkpoints)) > 1.5
    assert widened(Cell(6, (1.7, 1.3), checkpoints=checkpoints)) == pytest.approx(1)


def test_draws_of_a_group_of_five_runs_have_the_size_of_its_own_residuals():
    members, _ = several(Cell((5, 40), (1.7, 1.3), noise_ratio=1 / 3), 1)
    left, right = np.split(modelled_deviations(members, np.zeros(2)), [5])
    for member, found in ((members[0], left), (members[1], right)):
        residuals = member.problem.residuals(member.theta[None])[0][0]
        np.testing.assert_allclose(found, np.sqrt(np.sum(residuals**2) / member.freedom))
    pooled = modelled_deviations(members, np.full(2, 1e9))
    assert pooled[0] == pytest.approx(pooled[-1])


def several(cell, count):
    """The groups of a cell, fitted to its first data set, and the losses of so many data sets."""
    plain = cell.members()
    targets = [np.array(each) for each in zip(*(cell.noisy(plain, seed) for seed in range(count)), strict=True)]
    return [fitted(member, part[:1])[0] for member, part in zip(plain, targets, strict=True)], np.hstack(targets)


def told(members, targets):
    """What `compared` says of several data sets."""
    contrast = same_exponent(members, is_paired=False)
    starts = [np.tile(each.theta, (len(targets), 1)) for each in members]
    return fit_nested(contrast, starts, contrast.null.gathered(starts), None, targets)


def test_delta_follows_the_size_of_a_replicates_residuals_where_it_followed_the_datas():
    members, targets = several(Cell(12, (1.7, 1.3)), 50)
    without_noise = np.concatenate([each.problem.target for each in Cell(12, (1.7, 1.3)).members()])
    louder = without_noise + 2 * (targets - without_noise)
    # Twice the noise is twice the scale, but not to a delta that stays where it was: that counts less of it, and for
    # Gaussian noise sqrt(mean psi^2 / mean psi') is 1.66 times as large at a delta of 0.67 of it as at one of 1.345.
    for is_tuned, times in ((True, 2.0), (False, 1.66)):
        groups = [replace(each, is_tuned=is_tuned) for each in members]
        scales = [np.median(told(groups, losses).scales, axis=0) for losses in (targets, louder)]
        assert scales[1] == pytest.approx(times * scales[0], rel=0.03 if is_tuned else 0.05)


@pytest.mark.parametrize("delta", [0.2, 0.67, None])
def test_statistics_are_in_units_of_f_whatever_the_delta(delta):
    members, targets = several(Cell(30, (1.7, 1.3)), 2000)
    if delta is not None:
        members = [replace(each, delta=delta * RUN_NOISE, is_tuned=False) for each in members]
    p_values = stats.f.sf(told(members, targets).statistic, 1, 54)
    for share in (0.05, 0.5):
        low, high = binomial_bounds(2000, share, level=0.995)
        assert low <= np.mean(p_values <= share) <= high


def test_noise_that_changes_with_scale_is_estimated_and_even_noise_mostly_left():
    for growth, least, most in ((1 / 9, 5, 14), (1.0, 1, 1)):
        cell, found = Cell(30, (1.7, 1.3), growth=growth), []
        members, targets = several(cell, 40)
        parts = np.split(targets, [30], axis=1)
        for noisy in zip(*(fitted(member, part) for member, part in zip(members, parts, strict=True)), strict=True):
            shape = evened(marked(noisy))[0].shape
            found.append(1.0 if shape is None else shape[0] / shape[-1])
        assert least <= np.median(found) <= most
        assert growth < 1 or sum(ratio != 1 for ratio in found) <= 6


def test_least_absolute_deviations_have_a_statistic_in_units_of_f():
    plain = Cell(20, (1.7, 1.3), 0.01).members()
    targets = Cell(20, (1.7, 1.3), 0.01).noisy(plain, 3)
    found = {}
    for name in ("lad", "least-squares"):
        members = []
        for each, target in zip(plain, targets, strict=True):
            problem = replace(each.problem, target=target, observed=np.exp(target))
            one = optimum(problem, Objective(name))
            members.append(replace(each, problem=problem, theta=one.theta, delta=one.delta))
        posed = fit_contrast(same_exponent(members, is_paired=False))
        found[name] = np.hypot(*(standard_errors(m, s)[1] for m, s in zip(members, posed.scales, strict=True)))
        assert 0.1 < posed.statistic < 100
    assert 0.8 < found["lad"] / found["least-squares"] < 2


def test_f_is_that_of_scipy():
    reference = NullDistribution(2, 31)
    assert reference.tail(3.1) == pytest.approx(stats.f.sf(3.1, 2, 31))
    assert reference.cut(0.95) == pytest.approx(stats.f.ppf(0.95, 1, 31))


def test_where_draws_are_too_narrow_the_more_careful_has_the_word():
    narrow, wide = np.linspace(0, 1, 199), np.linspace(0, 40, 199)
    held = NullDistribution(1, 20, narrow, is_cautious=True)
    assert (held.tail(4.0), held.cut(0.95)) == (NullDistribution(1, 20).tail(4.0), NullDistribution(1, 20).cut(0.95))
    assert NullDistribution(1, 20, wide, is_cautious=True).cut(0.95) == NullDistribution(1, 20, wide).cut(0.95)


def test_few_runs_of_one_point_average_the_draws_and_f_which_counts_twice():
    draws = np.linspace(0, 12, 199)
    both, f, drawn = (
        NullDistribution(1, 6, draws, is_averaged=True),
        NullDistribution(1, 6),
        NullDistribution(1, 6, draws),
    )
    assert both.tail(8.0) == pytest.approx((f.tail(8.0) ** 2 * drawn.tail(8.0)) ** (1 / 3))
    assert f.cut(0.95) < both.cut(0.95) < drawn.cut(0.95)
    assert both.tail(both.cut(0.95)) == pytest.approx(0.05, abs=0.005)
    assert np.isfinite(NullDistribution(1, 6, draws[:5], is_averaged=True).cut(0.999))


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_degrees_of_freedom_are_those_of_welch(ratio):
    members = Cell(8, (1.7, 1.7)).members()
    contrast = same_exponent(members, is_paired=False)
    scales = np.array([1.0, ratio])
    # Groups alike in design: each counts by its variance, known with 8 - 3 degrees of freedom.
    share = scales**2 / np.sum(scales**2)
    null = contrast.null.gathered([each.theta[None] for each in members])[0]
    assert contrast.freedom(null, None, scales) == pytest.approx(1 / np.sum(share**2 / 5), rel=1e-6)


def test_no_bootstrap_makes_a_p_value_of_zero():
    drawn = NullDistribution(1, 20, np.linspace(0, 4, 199))
    assert drawn.tail(50.0) == 1 / 200
    assert drawn.tail(-1.0) == 1.0


def test_a_difference_of_b_is_found_and_the_same_b_is_not():
    for b, low, high in ((-0.2, 0.0, 0.01), (-0.15, 0.05, 1.0)):
        posed = fit_contrast(same_exponent([group("a"), group("b", b=b, c=1.2, seed=1)], is_paired=False))
        for reference in (null_distribution_of(SEVERAL, posed), null_distribution_of(None, posed)):
            assert low <= reference.tail(posed.statistic) <= high


def test_one_floor_for_groups_whose_floors_differ_would_reject_the_same_exponent():
    members = [group("a", c=1.7), group("b", c=1.9, seed=1)]
    shared = fit_contrast(same_exponent_of(members, floors(members[0].problem.law), None, is_paired=False))
    assert null_distribution_of(None, shared).tail(shared.statistic) < 1e-3
    separate = fit_contrast(same_exponent(members, is_paired=False))
    assert null_distribution_of(None, separate).tail(separate.statistic) > 0.05


# Shares of a test of size 5 % lie within the bounds 99 % of the time: of a dozen cells hardly one is outside by chance.
SIZE_BOUNDS = binomial_bounds(300, level=0.99)


@pytest.mark.slow
@pytest.mark.parametrize(
    "cell",
    [
        Cell(6, (1.7, 1.7)),
        Cell(6, (1.7, 1.3), noise_ratio=3.0),
        Cell(12, (1.7, 1.3), noise_ratio=3.0),
        Cell((6, 12), (1.7, 1.3), noise_ratio=1 / 3),
        Cell(30, (1.7, 1.3)),
        Cell(6, (1.7, 1.3), checkpoints=4),
        Cell(12, (1.7, 1.3), checkpoints=4),
        Cell(30, (1.7, 1.3), growth=1 / 9),
        Cell(12, (1.7, 1.3), is_surface=True),
    ],
    ids=repr,
)
def test_the_same_exponents_are_called_different_in_five_per_cent(cell):
    assert SIZE_BOUNDS[0] <= shares(cell, 300).different <= SIZE_BOUNDS[1]


@pytest.mark.slow
@pytest.mark.parametrize("cell", [Cell(12, (0.0, 0.0)), *SCARCE], ids=repr)
def test_floors_at_zero_and_very_few_runs_err_on_the_careful_side(cell):
    assert shares(cell, 200).different <= binomial_bounds(200, level=0.99)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runs", "difference", "least"), [(6, 0.05, 0.8), (12, 0.03, 0.9), (30, 0.01, 0.6), ((5, 40), 0.05, 0.8)]
)
def test_differences_are_found(runs, difference, least):
    assert shares(Cell(runs, (1.7, 1.3), difference), 100).different >= least


@pytest.mark.slow
def test_differences_as_large_as_what_is_said_to_be_detected_are_found_four_times_in_five():
    told = shares(Cell(30, (1.7, 1.3), 0.0093), 300)
    assert told.detects == pytest.approx(0.0093, rel=0.05)
    low, high = binomial_bounds(300, share=0.8, level=0.99)
    assert low <= told.different <= high


@pytest.mark.slow
@pytest.mark.parametrize("runs", [8, 30])
def test_exponents_at_the_margin_are_called_equivalent_in_five_per_cent_at_most(runs):
    told = shares(Cell(runs, (1.7, 1.3), 0.02), 200)
    assert told.equivalent <= binomial_bounds(200, level=0.99)[1]
    assert told.covered >= 1 - binomial_bounds(200, level=0.99)[1]


def drawn_for(points, *, checkpoints=1, c=1.7):
    """The null distribution of equal exponents of a group with so many points and one with 20, from five draws."""
    few = [group("a", points=points, c=c), group("b", points=20, seed=1)]
    members = [replace(each, problem=replace(each.problem, runs=np.arange(each.points) // checkpoints)) for each in few]
    posed = fit_contrast(same_exponent(members, is_paired=False))
    return posed, null_distribution_of(Resampling(5, 0, 1), posed)


@pytest.mark.parametrize(
    ("points", "checkpoints", "is_averaged", "is_cautious"),
    [(5, 1, True, True), (6, 1, True, False), (8, 1, True, False), (9, 1, False, False), (10, 2, False, False)],
)
def test_draws_count_by_how_many_more_runs_than_parameters_a_group_has(points, checkpoints, is_averaged, is_cautious):
    """Three parameters: two spare runs are too few to resample, and five too few for draws alone."""
    posed, found = drawn_for(points, checkpoints=checkpoints)
    assert (found.is_averaged, found.is_cautious) == (is_averaged, is_cautious)
    assert len(found.draws) + found.failed == 5
    assert (found.fewer, found.freedom) == (1, pytest.approx(posed.contrast.freedom(posed.null, None, posed.scales)))
    assert spare_runs(posed.contrast.groups) == points // checkpoints - 3


def test_a_floor_at_its_bound_under_the_null_asks_for_caution():
    x = np.geomspace(1e18, 1e22, 12)
    members = []
    for i in range(2):
        noise = np.exp(0.003 * np.random.default_rng(i).standard_normal(12))
        problem = problem_from_arrays(
            find_law("power-constant"), {"x": x}, 5.0 * (x / 1e18) ** -0.08 * noise, np.arange(12)
        )
        bent = replace(problem, high=np.array([*problem.high[:2], 1e-9]))
        theta = optimum(problem, Objective("least-squares")).theta
        members.append(Member(str(i), bent, np.array([*theta[:2], 1e-9]), np.inf))
    posed = fit_contrast(same_exponent(members, is_paired=False))
    assert null_distribution_of(Resampling(5, 0, 1), posed).is_cautious


def test_gaussian_draws_of_scarce_groups_have_their_own_size():
    """Targets of draws lie about the null's predictions, with the deviations of each group's own residuals."""
    from scaling_cli.analysis.comparison import hypothesis_tests

    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hypothesis_tests, "fit_nested", lambda *arguments: seen.append(arguments) or stop())
        posed = fit_contrast(same_exponent([group("a", points=5), group("b", points=20, seed=1)], is_paired=False))
        with pytest.raises(StopIteration):
            null_distribution_of(Resampling(4000, 0, 1), posed)
    contrast, alone, null, wider, target = seen[0]
    predicted = contrast.null.target - contrast.null.residuals(posed.null[None])[0][0]
    deviations = modelled_deviations(contrast.groups, shared_freedom(contrast.groups))
    found = (target - predicted).std(axis=0)
    assert found == pytest.approx(deviations, rel=0.06)  # four standard errors of 4,000 draws
    assert np.abs((target - predicted).mean(axis=0) / deviations).max() < 0.08
    assert (wider, null.shape, [each.shape for each in alone]) == (None, (4000, 5), [(4000, 3)] * 2)


def stop():
    raise StopIteration
