"""Statistics and their null distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.analysis.comparison_nested import pose, reference_of, same_exponent
from scaling_cli.analysis.comparison_tests import Reference, holm, resampled, wild_weights
from scaling_cli.fitting.uncertainty import Resampling
from tests.analysis.simulations import Cell, called_equivalent, rejected
from tests.analysis.test_comparison_models import group

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
    posed = pose(same_exponent([group("a", points=8), group("b", c=1.3, points=8, seed=1)], is_paired=False))
    signs = wild_weights(SEVERAL, range(200), posed.contrast.null.runs)
    new = resampled(posed.contrast, posed.null, posed.contrast.null.target, signs)
    residuals = posed.contrast.null.residuals(posed.null[None])[0][0]
    predicted = posed.contrast.null.target - residuals
    np.testing.assert_allclose((new - predicted) / residuals, signs, rtol=1e-6)


def test_checkpoints_of_a_run_are_widened_together():
    posed = pose(same_exponent(Cell(6, (1.7, 1.3), checkpoints=4).members(), is_paired=False))
    noisy = Cell(6, (1.7, 1.3), checkpoints=4).noisy(list(posed.contrast.groups), 1, np.random.default_rng(0))[0]
    signs = np.ones((1, len(noisy)))
    new = resampled(posed.contrast, posed.null, noisy, signs)[0]
    residuals = posed.contrast.null.residuals(posed.null[None], noisy[None])[0][0]
    widened = new - (noisy - residuals)
    assert np.sum(widened**2) > np.sum(residuals**2)


def test_f_is_that_of_scipy():
    reference = Reference(2, 31)
    assert reference.tail(3.1) == pytest.approx(stats.f.sf(3.1, 2, 31))
    assert reference.cut(0.95) == pytest.approx(stats.f.ppf(0.95, 1, 31))


def test_single_points_are_judged_by_the_average_of_draws_and_f():
    generator = np.random.default_rng(0)
    wide = Reference(1, 20, 4 * generator.chisquare(1, 999), is_mixed=True)
    drawn, expected = Reference(1, 20, wide.draws), Reference(1, 20)
    assert wide.tail(6.0) == pytest.approx((drawn.tail(6.0) + expected.tail(6.0)) / 2)
    assert wide.tail(wide.cut(0.95)) == pytest.approx(0.05, abs=1e-3)
    assert expected.cut(0.95) < wide.cut(0.95) < drawn.cut(0.95)


def test_a_floor_at_its_bound_leaves_the_word_to_the_more_careful():
    narrow, wide = np.linspace(0, 1, 199), np.linspace(0, 40, 199)
    held = Reference(1, 20, narrow, is_at_bound=True)
    assert (held.tail(4.0), held.cut(0.95)) == (Reference(1, 20).tail(4.0), Reference(1, 20).cut(0.95))
    assert Reference(1, 20, wide, is_at_bound=True).cut(0.95) == Reference(1, 20, wide).cut(0.95)


def test_no_bootstrap_makes_a_p_value_of_zero():
    drawn = Reference(1, 20, np.linspace(0, 4, 199))
    assert drawn.tail(50.0) == 1 / 200
    assert drawn.tail(-1.0) == 1.0


def test_a_difference_of_b_is_found_and_the_same_b_is_not():
    for b, low, high in ((-0.2, 0.0, 0.01), (-0.15, 0.05, 1.0)):
        posed = pose(same_exponent([group("a"), group("b", b=b, c=1.2, seed=1)], is_paired=False))
        for reference in (reference_of(SEVERAL, posed), reference_of(None, posed)):
            assert low <= reference.tail(posed.statistic) <= high


def test_one_floor_for_groups_whose_floors_differ_would_reject_the_same_exponent():
    members = [group("a", c=1.7), group("b", c=1.9, seed=1)]
    shared = pose(same_exponent(members, is_paired=False, shared_floor=True))
    assert reference_of(None, shared).tail(shared.statistic) < 1e-3
    separate = pose(same_exponent(members, is_paired=False))
    assert reference_of(None, separate).tail(separate.statistic) > 0.05


def bound(data_sets, share=0.05, sigmas=2.6):
    """What a share of 5 % reaches at most, 99.5 % of the time."""
    return share + sigmas * np.sqrt(share * (1 - share) / data_sets)


@pytest.mark.slow
@pytest.mark.parametrize("runs", [6, 12, 30])
@pytest.mark.parametrize("floors", [(1.7, 1.7), (1.7, 1.3), (0.0, 0.0)], ids=str)
def test_independent_runs_are_called_different_in_five_per_cent(runs, floors):
    assert rejected(Cell(runs, floors), 400) <= bound(400)


@pytest.mark.slow
@pytest.mark.parametrize("runs", [6, 12, 30])
def test_checkpointed_runs_are_called_different_in_five_per_cent(runs):
    assert rejected(Cell(runs, (1.7, 1.3), checkpoints=4), 300) <= bound(300)


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "difference", "least"), [(8, 0.03, 0.8), (12, 0.03, 0.9), (30, 0.01, 0.6)])
def test_differences_are_found(runs, difference, least):
    assert rejected(Cell(runs, (1.7, 1.3), difference), 200) >= least


@pytest.mark.slow
@pytest.mark.parametrize("runs", [8, 30])
def test_exponents_at_the_margin_are_called_equivalent_in_five_per_cent(runs):
    assert called_equivalent(Cell(runs, (1.7, 1.3), 0.02), 200, 0.02) <= bound(200)
