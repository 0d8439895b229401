"""Each step of the mixture against a sum by hand, or against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal, multivariate_t

from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.families import FAMILIES, LOG_P, STEP, T, from_prior, normals
from scaling_cli.coverage.mixture import (
    Draws,
    Mixture,
    _draws,
    _free,
    _likelihood,
    _log_normal,
    _log_t,
    _moments,
    _posterior,
    design_effect,
    failure,
    fit_mixture,
)

RANDOM = np.random.default_rng(5)
CHANCE = np.exp(LOG_P)


def draws(values, chances, unsolved=None, solved=None, problems=10):
    """Draws whose mean of a curve that is the identity are `values` `(draws, m)`."""
    weights = np.asarray(values, float)
    nothing = np.zeros_like(weights)
    return Draws(weights, np.asarray(chances, float), nothing if unsolved is None else unsolved,
                 nothing if solved is None else solved, problems)  # fmt: skip


class TestDraws:
    def test_the_central_part_leaves_its_share_of_the_chances_on_either_side(self):
        values = np.array([[3.0, 30.0], [1.0, 10.0], [2.0, 20.0], [4.0, 40.0], [5.0, 0.0]])
        chances = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
        found = draws(values, chances)
        for level in (0.37, 0.61, 0.83, 0.95):
            for column, (low, high) in enumerate(zip(*found.central(values, level), strict=True)):
                ranked = sorted(zip(values[:, column], chances, strict=True))
                sums = np.cumsum([chance for _, chance in ranked])
                ends = [next(v for (v, _), s in zip(ranked, sums, strict=True) if s >= (1 + side * level) / 2)
                        for side in (-1, 1)]  # fmt: skip
                assert [low, high] == ends

    def test_chances_that_do_not_sum_to_one_count_as_shares_of_their_sum(self):
        values = np.arange(10.0)[:, None]
        small = draws(values, np.full(10, 0.01)).central(values, 0.5)
        assert (small[0][0], small[1][0]) == (2.0, 7.0)
        assert draws(values, np.full(10, 3.0)).central(values, 0.5) == small

    def test_the_whole_reaches_from_the_lowest_to_the_highest(self):
        values = RANDOM.normal(size=(7, 1))
        low, high = draws(values, np.full(7, 1 / 7)).central(values, 1 - 1e-12)
        assert (low[0], high[0]) == (values.min(), values.max())

    def test_the_mean_of_these_problems_errs_by_the_variance_of_each_over_their_number(self):
        curve = np.array([[0.0], [0.25], [1.0]])
        unsolved, solved = np.tile([0.2, 0.1, 0.1], (4000, 1)), np.tile([0.0, 0.3, 0.3], (4000, 1))
        found = Draws(unsolved + solved, np.full(4000, 1 / 4000), unsolved, solved, 500).of_these(curve)[:, 0]
        assert found.mean() == pytest.approx(0.5, abs=0.001)
        within = (0.1 * 0.0625 + 0.1 - 0.125**2 / 0.4) + (0.3 * 0.0625 + 0.3 - 0.375**2 / 0.6)
        assert found.std() == pytest.approx(np.sqrt(within / 500), rel=0.03)

    def test_the_mean_of_these_problems_stays_within_the_curve(self):
        curve = np.array([[0.0], [1.0]])
        part = np.tile([0.5, 0.0], (300, 1))
        found = Draws(2 * part, np.full(300, 1 / 300), part[:, ::-1], part, 1).of_these(curve)
        assert found.min() >= 0.0
        assert found.max() <= 1.0
        wide = np.tile([0.25, 0.25], (300, 1))
        clipped = Draws(2 * wide, np.full(300, 1 / 300), wide, wide, 1).of_these(curve)
        assert (clipped.min(), clipped.max()) == (0.0, 1.0)

    def test_the_ends_are_the_wider_ones_of_new_and_of_these_problems(self):
        curve = np.eye(2)
        weights = np.array([[0.1, 0.9], [0.3, 0.7], [0.5, 0.5]])
        sure = Draws(weights, np.full(3, 1 / 3), np.zeros((3, 2)), np.tile([0.4, 0.6], (3, 1)), 10**12)
        low, high = sure.ends(curve, 0.9)
        assert (low, high) == (pytest.approx([0.1, 0.5], abs=1e-4), pytest.approx([0.5, 0.9], abs=1e-4))
        apart = Draws(weights, np.full(3, 1 / 3), np.zeros((3, 2)), np.tile([0.9, 0.1], (3, 1)), 10**12)
        low, high = apart.ends(curve, 0.9)
        assert (low, high) == (pytest.approx([0.1, 0.1], abs=1e-4), pytest.approx([0.9, 0.9], abs=1e-4))
        low, high = sure.ends(curve, 0.9, np.array([[0.2, 0.2], [0.3, 0.3], [0.35, 0.7]]))
        assert (low, high) == (pytest.approx([0.2, 0.2], abs=1e-4), pytest.approx([0.4, 0.7], abs=1e-4))


def test_the_interval_contains_that_of_the_average_and_a_narrower_one_of_free_shapes():
    """Of 1,001 equally likely means 0, 0.001 ..., so that ends are the shares below them."""
    means = np.linspace(0, 1, 1001)
    average = np.stack([0.5 + 0.2 * (means - 0.5), 0.5 - 0.2 * (means - 0.5)], axis=1)
    free = np.stack([means, 1 - means], axis=1)

    def of(weights):
        return Draws(weights, np.full(1001, 1 / 1001), np.zeros_like(weights), np.tile([0.5, 0.5], (1001, 1)), 10**12)

    law = Mixture(of(average), of(free), {})
    curve, share = np.array([[0.0], [1.0]]), ndtr(0.65 * ndtri(0.975))
    mean, low, high = law.mean_and_ends(curve, 0.95)
    assert mean[0] == law.mean(curve)[0] == pytest.approx(0.5)
    assert (low[0], high[0]) == (pytest.approx(1 - share, abs=0.002), pytest.approx(share, abs=0.002))
    assert [end[0] for end in law.ends(curve, 0.95)] == [low[0], high[0]]
    narrow = Mixture(of(free), of(average), {}).mean_and_ends(curve, 0.95)
    assert (narrow[1][0], narrow[2][0]) == (pytest.approx(0.025, abs=0.002), pytest.approx(0.975, abs=0.002))


class TestLikelihood:
    def test_few_attempts_have_that_of_a_binomial_over_its_largest(self):
        counts = make_counts(np.array([6, 6, 9, 6]), np.array([0, 2, 1, 2]))
        found, multiplicity, is_unsolved = _likelihood(counts, 1.0, 0.0)
        rows = {}
        for n, c in ((6, 0), (6, 2), (9, 1)):
            exact = CHANCE**c * (1 - CHANCE) ** (n - c)
            rows[n, c] = exact / exact.max()
        for row, times, unsolved in zip(found, multiplicity, is_unsolved, strict=True):
            (pair,) = [pair for pair, exact in rows.items() if np.allclose(row, exact, atol=1e-12)]
            assert times == (2 if pair == (6, 2) else 1)
            assert unsolved == (pair == (6, 0))

    def test_a_chance_is_shown_after_scale_and_offset(self):
        counts = make_counts(np.array([6]), np.array([2]))
        for scale, offset in ((0.5, 0.0), (0.7, 0.2), (1.0, 0.0)):
            shown = offset + scale * CHANCE
            exact = shown**2 * (1 - shown) ** 4
            assert _likelihood(counts, scale, offset)[0][0] == pytest.approx(exact / exact.max(), abs=1e-9)

    def test_many_attempts_have_a_bell_as_wide_as_one_and_a_half_cells_and_neighbours_share_it(self):
        counts = make_counts(np.array([10**6, 10**6, 10**6]), np.array([300_000, 300_001, 700_000]))
        found, multiplicity, is_unsolved = _likelihood(counts, 1.0, 0.0)
        assert multiplicity.tolist() == [2, 1]
        assert not is_unsolved.any()
        for row, share in zip(found, (0.3, 0.7), strict=True):
            centre = STEP * round(np.log(share / (1 - share)) / STEP)
            assert row == pytest.approx(np.exp(-0.5 * ((T - centre) / (1.5 * STEP)) ** 2), abs=1e-12)
        moved = _likelihood(make_counts(np.array([10**6]), np.array([500_000])), 0.5, 0.35)[0][0]
        centre = STEP * round(np.log(0.3 / 0.7) / STEP)
        assert moved == pytest.approx(np.exp(-0.5 * ((T - centre) / (1.5 * STEP)) ** 2), abs=1e-12)

    @pytest.mark.parametrize(("c", "n"), [(300, 1000), (1, 4000), (3999, 4000)])
    def test_where_the_binomial_is_wider_than_the_bell_it_is_kept(self, c, n):
        share = (c + 0.5) / (n + 1)
        found = _likelihood(make_counts(np.array([n]), np.array([c])), 1.0, 0.0)[0][0]
        exact = np.exp(c * LOG_P + (n - c) * np.log1p(-CHANCE))
        is_bell = n * share * (1 - share) > (1.5 * STEP) ** -2
        assert np.allclose(found, exact / exact.max(), atol=1e-9) != is_bell


class TestDesignEffect:
    def test_problems_of_their_own_have_one(self):
        assert design_effect(make_counts(np.full(6, 4), np.arange(6) % 4)) == 1.0

    def test_copies_count_as_one_problem(self):
        """Four copies of each of 50 problems: the variance of the mean is four times as large."""
        c, cluster = np.repeat(RANDOM.integers(0, 5, 50), 4), np.repeat(np.arange(50), 4)
        assert design_effect(make_counts(np.full(200, 4), c, cluster)) == pytest.approx(4 * 50 / 49)

    def test_it_is_the_larger_of_that_of_successes_and_of_solved_problems(self):
        n, c = np.array([10, 20, 10, 20, 10, 10, 10, 10]), np.array([1, 9, 1, 9, 0, 0, 0, 0])
        cluster = np.array([0, 0, 1, 1, 2, 2, 3, 3])

        def effect(values):
            apart = values - values.mean()
            sums = np.array([apart[cluster == each].sum() for each in range(4)])
            return (sums @ sums) / (apart @ apart) * 4 / 3

        share, solved = effect(c / n), effect((c > 0).astype(float))
        assert solved > share
        assert design_effect(make_counts(n, c, cluster)) == pytest.approx(solved)
        c = np.array([5, 9, 1, 2, 5, 9, 1, 2])
        assert design_effect(make_counts(n, c, cluster)) == pytest.approx(effect(c / n))

    def test_problems_unlike_their_clusters_have_one(self):
        assert design_effect(make_counts(np.full(4, 10), np.array([0, 9, 0, 9]), np.array([0, 0, 1, 1]))) == 1.0


def test_densities_are_those_of_scipy():
    x = RANDOM.normal(size=(5, 3))
    assert _log_normal(x) == pytest.approx(multivariate_normal(np.zeros(3)).logpdf(x))
    root = np.linalg.cholesky(np.cov(RANDOM.normal(size=(3, 20))))
    exact = multivariate_t(np.ones(3), root @ root.T, df=5).logpdf(1 + x @ root.T)
    assert _log_t(x, root) == pytest.approx(exact)


def test_moments_are_those_of_weighted_draws_and_a_third_wider():
    z = RANDOM.normal(size=(400, 2))
    logs = -0.3 * (z[:, 0] - 0.5) ** 2
    mean, root = _moments(z, logs)
    chances = np.exp(logs) / np.exp(logs).sum()
    assert mean == pytest.approx(chances @ z)
    assert root @ root.T == pytest.approx(1.3 * np.cov(z.T, aweights=chances, bias=True), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    ("steepness", "power"),
    [(2.0, 1.0), (5.0, 0.5), (9.0, 0.25), (20.0, 0.1), (40.0, 0.05), (100.0, 0.02), (200.0, 0.01)],
)
def test_weights_are_evened_out_until_four_draws_a_coordinate_count(steepness, power):
    z = np.random.default_rng(0).normal(size=(400, 1))
    logs = -steepness * (z[:, 0] - 3) ** 2 - 1000

    def effective(power):
        chances = np.exp(power * (logs - logs.max()))
        return chances.sum() ** 2 / (chances @ chances), chances / chances.sum()

    powers = [each for each in (1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01) if effective(each)[0] >= 4]
    assert powers[0] == power
    assert _moments(z, logs)[0] == pytest.approx(effective(powers[0])[1] @ z)


def test_these_problems_have_the_difficulty_that_bayes_rule_gives():
    likelihood = RANDOM.uniform(0.1, 1, (3, 4))
    weights = RANDOM.dirichlet(np.ones(4), 2)
    multiplicity, is_unsolved = np.array([5.0, 1.0, 2.0]), np.array([True, False, False])
    found = _draws(likelihood, multiplicity, is_unsolved, weights, np.array([0.5, 0.5]))
    for row in range(2):
        parts = {True: np.zeros(4), False: np.zeros(4)}
        for each, times, unsolved in zip(likelihood, multiplicity, is_unsolved, strict=True):
            posterior = weights[row] * each
            parts[bool(unsolved)] += times / 8 * posterior / posterior.sum()
        assert found.unsolved[row] == pytest.approx(parts[True])
        assert found.solved[row] == pytest.approx(parts[False])
    assert found.problems == 8


def test_free_shapes_are_twenty_steps_of_em_from_forty_draws_of_each_prior():
    counts = make_counts(np.full(12, 8), np.repeat([0, 2, 5], 4))
    likelihood, multiplicity, _ = _likelihood(counts, 1.0, 0.0)
    found = _free(likelihood, multiplicity)
    assert found.shape == (40 * len(FAMILIES), len(T))
    assert found.sum(axis=1) == pytest.approx(np.ones(len(found)))
    shares = np.random.default_rng(0).gamma(multiplicity, size=(len(found), 3))
    for row in (0, 41, len(found) - 1):
        masses = from_prior(list(FAMILIES.values())[row // 40])[row % 40].copy()
        for _ in range(20):
            fitted = likelihood @ masses
            masses = masses * ((shares[row] / shares[row].sum() / fitted) @ likelihood)
            masses /= masses.sum()
        assert found[row] == pytest.approx(masses, rel=1e-9, abs=1e-15)


def test_the_evidence_is_the_mean_of_the_likelihood_over_the_prior():
    """Few counts, so that plain draws from the prior also give it: these are of low discrepancy, and err little."""
    counts = make_counts(np.full(5, 6), np.array([0, 0, 1, 2, 4]))
    likelihood, multiplicity, _ = _likelihood(counts, 1.0, 0.0)
    for family in FAMILIES.values():
        evidence, chances, weights = _posterior(family, likelihood, multiplicity)
        prior = family.weights(np.random.default_rng(1).standard_normal((2000, family.size)))
        assert evidence == pytest.approx(np.log(np.exp(np.log(prior @ likelihood.T) @ multiplicity).mean()), abs=0.1)
        assert chances.sum() == pytest.approx(1)
        assert len(chances) == len(weights) == len(normals(family.size, 0))


def test_families_share_the_answer_by_their_evidence():
    counts = make_counts(np.full(6, 8), np.array([0, 0, 1, 2, 4, 8]))
    likelihood, multiplicity, _ = _likelihood(counts, 1.0, 0.0)
    parts = [_posterior(family, likelihood, multiplicity) for family in FAMILIES.values()]
    evidence = np.exp([part[0] for part in parts])
    law = fit_mixture(counts, with_ends=False)
    assert list(law.families.values()) == pytest.approx(evidence / evidence.sum())
    assert law.free is None
    curve = CHANCE[:, None]
    means = [part[1] @ (part[2] @ curve) for part in parts]
    assert law.mean(curve) == pytest.approx(evidence @ np.array(means) / evidence.sum(), rel=1e-6)
    assert law.averaged.chances.sum() == pytest.approx(1)
    assert law.averaged.chances.min() > 1e-9 * law.averaged.chances.max()
    assert fit_mixture(counts).mean(curve) == pytest.approx(law.mean(curve))


def test_copies_in_clusters_say_no_more_than_the_problems():
    c = np.array([0, 0, 1, 2, 4, 8])
    once = fit_mixture(make_counts(np.full(6, 8), c), with_ends=False)
    copied = make_counts(np.full(120, 8), np.repeat(c, 20), np.repeat(np.arange(6), 20))
    likelihood, multiplicity, _ = _likelihood(copied, 1.0, 0.0)
    tempered = multiplicity / design_effect(copied)
    evidence = np.exp([_posterior(family, likelihood, tempered)[0] for family in FAMILIES.values()])
    law = fit_mixture(copied, with_ends=False)
    assert list(law.families.values()) == pytest.approx(evidence / evidence.sum())
    assert law.families.keys() == once.families.keys()


def test_a_chance_fails_as_often_as_its_complement_to_the_power_of_the_attempts():
    assert failure(np.array([1, 5])) == pytest.approx(np.stack([1 - CHANCE, (1 - CHANCE) ** 5], axis=1), abs=1e-12)


def test_a_bell_is_at_the_share_with_half_a_success_and_half_a_failure_more():
    """Of 770 numbers of successes some are so near the edge of a cell that a slight shift moves them to another."""
    n, c = 1000, np.arange(15, 785)
    found, multiplicity, _ = _likelihood(make_counts(np.full(len(c), n), c), 1.0, 0.0)
    share = (c + 0.5) / (n + 1)
    cells, times = np.unique(np.round(np.log(share / (1 - share)) / STEP), return_counts=True)
    assert T[np.argmax(found, axis=1)] == pytest.approx(STEP * cells)
    assert multiplicity.tolist() == times.tolist()
