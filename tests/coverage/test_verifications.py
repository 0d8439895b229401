"""The smooth accuracy over solutions and verifications, and its best splits, on surfaces that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f

from scaling_cli.coverage.verifications import (
    Settings,
    Smooth,
    accuracy_of,
    best,
    exponents,
    settings_of_verdicts,
    smooth,
)

COST = 0.5
QUADRATIC = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0))


def settings_where(log_odds, solutions, verifications, problems=50):
    """Settings whose log odds are those of a function of u and w, after half a success and half a failure are added."""
    u, w = np.log(solutions), np.log1p(COST * verifications)
    share = 1 / (1 + np.exp(-log_odds(u, w)))
    mean = (share * (problems + 1) - 0.5) / problems
    return Settings(solutions, verifications, np.tile(mean, (problems, 1)))


def grid(solutions=5, verifications=4):
    """All pairs of 1, 2, 4, ... solutions and verifications."""
    sizes = 2.0 ** np.arange(solutions), 2.0 ** np.arange(verifications)
    return tuple(each.ravel() for each in np.meshgrid(*sizes, indexing="ij"))


def even(problems=50):
    return np.full((1, problems), 1 / problems)


def quadratic(u, w):
    return -1 + 0.7 * u - 0.2 * u**2 + 0.4 * w - 0.15 * w**2 + 0.1 * u * w


def cubic(u, w):
    return quadratic(u, w) + 0.1 * u**2 * w - 0.05 * u**3


def ridge(at, power):
    """A surface whose best u for a log budget is `at` + `power` times this log."""

    def log_odds(u, w):
        return -0.1 * (u - at - power * (u + w)) ** 2

    return log_odds


def smoothed(log_odds, solutions=5, verifications=4):
    return smooth(settings_where(log_odds, *grid(solutions, verifications)), even(), COST)


@pytest.mark.parametrize(("truth", "terms"), [(quadratic, 6), (cubic, 10)])
def test_a_polynomial_is_found_exactly_between_and_beyond_the_settings(truth, terms):
    surface = smoothed(truth)
    u, w = np.array([0.0, 0.3, 1.9, 5.0]), np.array([0.1, 1.7, 0.0, 3.0])
    assert len(surface.powers) == terms
    assert surface.log_odds(u, w)[0] == pytest.approx(truth(u, w), abs=1e-8)


def test_the_misfit_is_the_root_mean_square_over_settings_to_spare():
    assert smooth(settings_where(quadratic, *grid()), even(), COST).misfit == pytest.approx(0, abs=1e-9)
    u, w, settings = noisy(0.0)
    surface = smooth(settings, np.full((1, 40), 1 / 40), COST)
    smoothed = accuracy_of(surface.log_odds(u, w)[0], 40)
    off = smoothed - settings.accuracy.mean(axis=0)
    assert surface.misfit == pytest.approx(np.sqrt(np.sum(off**2) / (len(u) - 6)), rel=1e-6)


@pytest.mark.parametrize("problems", [2, 10, 1000])
def test_accuracies_are_those_of_the_log_although_their_log_odds_are_kept_finite(problems):
    """Without this, 0.9 of ten problems would be 0.864, and never solved problems would be solved now and then."""
    means = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    shares = (means * problems + 0.5) / (problems + 1)
    assert accuracy_of(np.log(shares / (1 - shares)), problems) == pytest.approx(means)


def test_each_row_of_weights_has_its_own_surface():
    every = grid()
    settings = settings_where(quadratic, *every)
    higher = settings_where(lambda u, w: quadratic(u, w) + 1, *every)
    both = Settings(*every, np.concatenate([settings.accuracy[:25], higher.accuracy[:25]]))
    rows = np.repeat([[1.0, 0.0], [0.0, 1.0]], 25, axis=1) / 25
    low, high = smooth(both, rows, COST).coefficients
    assert high - low == pytest.approx([1, 0, 0, 0, 0, 0], abs=1e-6)


@pytest.mark.parametrize(("solutions", "verifications"), [(2, 5), (5, 2)])
def test_two_levels_of_either_are_too_few(solutions, verifications):
    assert smoothed(quadratic, solutions, verifications) is None


def test_a_quadratic_needs_one_setting_more_than_it_has_terms():
    settings = settings_where(quadratic, *grid(3, 3))
    for count, is_found in ((7, True), (6, False)):
        part = Settings(settings.solutions[:count], settings.verifications[:count], settings.accuracy[:, :count])
        assert (smooth(part, even(), COST) is not None) is is_found


def test_settings_on_a_line_determine_no_surface():
    sizes = 2.0 ** np.arange(8)
    assert smooth(settings_where(quadratic, sizes, (sizes - 1) / COST), even(), COST) is None


def test_accuracies_of_0_and_1_have_finite_log_odds():
    solutions, verifications = grid()
    accuracy = np.tile((solutions > 4).astype(float), (50, 1))
    surface = smooth(Settings(solutions, verifications, accuracy), even(), COST)
    assert np.isfinite(surface.coefficients).all()


def test_budgets_reach_from_the_cheapest_to_the_dearest_setting():
    surface = smoothed(quadratic)
    assert surface.budgets == pytest.approx((np.log(1 + COST), np.log(16) + np.log(1 + 8 * COST)))


@pytest.mark.parametrize(
    ("budget", "low", "high"),
    [
        (np.log(3.0), 0.0, np.log(2.0)),  # the most solutions are those with one verification each
        (np.log(8.0), np.log(1.6), np.log(8 / 1.5)),  # 8 verifications cost 4 solutions, and so leave 8 / 5
        (np.log(60.0), np.log(12.0), np.log(16.0)),  # no more solutions than the log has
    ],
)
def test_the_line_of_a_budget_ends_at_the_settings(budget, low, high):
    assert smoothed(quadratic).span(budget) == pytest.approx((low, high))


def test_the_best_split_is_the_top_of_the_line():
    found = best(smoothed(ridge(0.3, 0.4)), 2.0)
    assert found.u[0] == pytest.approx(0.3 + 0.4 * 2.0, abs=1e-9)
    assert found.log_odds[0] == pytest.approx(0.0, abs=1e-4)
    assert found.end[0] == 0


@pytest.mark.parametrize(("at", "end"), [(-1.5, -1), (2.5, 1)])
def test_a_best_split_at_an_end_of_the_line_says_which(at, end):
    surface = smoothed(ridge(at, 0.4))
    found = best(surface, 2.0)
    assert found.end[0] == end
    place = surface.span(2.0)[(end + 1) // 2]
    assert found.u[0] == place
    assert found.log_odds[0] == pytest.approx(ridge(at, 0.4)(place, 2.0 - place), abs=1e-8)


def test_a_best_split_beside_an_end_is_not_at_it():
    surface = smoothed(ridge(0.0, 0.4))
    low, high = surface.span(2.0)
    step = (high - low) / 200
    for place in (low + step, high - step):
        found = best(smoothed(ridge(place - 0.8, 0.4)), 2.0)
        assert found.end[0] == 0
        assert found.u[0] == pytest.approx(place, abs=1e-6)


def test_replicates_have_their_own_best_splits():
    first, second = smoothed(ridge(0.3, 0.4)), smoothed(ridge(0.5, 0.3))
    both = Smooth(np.concatenate([first.coefficients, second.coefficients]), QUADRATIC, first.u, first.w, misfit=0.0)
    assert best(both, 2.0).u == pytest.approx([1.1, 1.1])
    assert best(both, 2.4).u == pytest.approx([0.3 + 0.4 * 2.4, 0.5 + 0.3 * 2.4])


def test_exponents_are_slopes_over_the_logs_of_the_budgets():
    budgets = np.linspace(1.6, 2.8, 7)
    solutions, verifications = exponents(smoothed(ridge(0.3, 0.4)), COST, budgets)
    u = 0.3 + 0.4 * budgets
    assert solutions == pytest.approx([0.4], abs=1e-6)
    v = np.log((np.exp(budgets - u) - 1) / COST)
    assert verifications == pytest.approx([np.polyfit(budgets, v, 1)[0]], abs=1e-6)


def test_exponents_leave_out_budgets_whose_best_split_is_at_an_end_and_need_three():
    surface = smoothed(ridge(0.3, 0.4))
    inside, outside = np.array([1.6, 2.0, 2.4]), np.array([0.45, 4.3])
    assert [best(surface, budget).end[0] for budget in (*inside, *outside)] == [0, 0, 0, 1, -1]
    assert exponents(surface, COST, np.append(inside, outside))[0] == pytest.approx([0.4], abs=1e-6)
    assert np.isnan(exponents(surface, COST, np.append(inside[:2], outside))).all()


def test_settings_of_verdicts_double_up_to_the_smallest_problem():
    generator = np.random.default_rng(0)
    judged = [np.ones((9, 2)), np.ones((7, 3))]
    found = settings_of_verdicts([np.ones(9), np.zeros(7)], judged, generator)
    assert found.solutions.tolist() == [1, 1, 2, 2, 4, 4]
    assert found.verifications.tolist() == [1, 2] * 3
    assert found.accuracy.tolist() == [[1.0] * 6, [0.0] * 6]


def noisy(cubic, seed=0, problems=40):
    """Accuracies of 5 x 5 settings, of log odds with a cubic part of this size, from so many problems."""
    solutions, verifications = (each.ravel() for each in np.meshgrid(2.0 ** np.arange(5), 2.0 ** np.arange(5)))
    u, w = np.log(solutions), np.log1p(0.5 * verifications)
    odds = -1 + 0.8 * u - 0.2 * u**2 + 0.5 * w + cubic * (w - 1.2) ** 3
    random = np.random.default_rng(seed)
    return u, w, Settings(solutions, verifications, random.binomial(1, 1 / (1 + np.exp(-odds)), (problems, 25)) * 1.0)


@pytest.mark.parametrize("cubic", [0.0, 3.0])
def test_settings_weigh_by_the_precision_of_their_log_odds_and_an_f_test_chooses_the_degree(cubic):
    u, w, settings = noisy(cubic)
    found = smooth(settings, np.full((1, 40), 1 / 40), 0.5)
    share = (settings.accuracy.mean(axis=0) * 40 + 0.5) / 41
    root, odds = np.sqrt(share * (1 - share)), np.log(share / (1 - share))
    fits = {}
    for degree in (2, 3):
        powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
        design = np.stack([u**i * w**j for i, j in powers], axis=1)
        coefficients = np.linalg.lstsq(design * root[:, None], odds * root, rcond=None)[0]
        fits[degree] = powers, coefficients, (((odds - design @ coefficients) * root) ** 2).sum()
    ratio = (fits[2][2] - fits[3][2]) / 4 / (fits[3][2] / 15)
    is_cubic = f.sf(ratio, 4, 15) < 0.01
    assert is_cubic == (cubic > 0)
    powers, coefficients, _ = fits[3 if is_cubic else 2]
    assert list(found.powers) == powers
    assert found.coefficients[0] == pytest.approx(coefficients, rel=1e-6, abs=1e-6)
