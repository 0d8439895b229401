"""The mixture's draws by hand, and its likelihood against quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta

from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.families import LOG_P, T
from scaling_cli.coverage.mixture import Draws, Mixture, failure, fit_mixture

LOW, HIGH = int(np.argmin(np.abs(T + 2))), int(np.argmin(np.abs(T - 2)))


def at(**shares):
    """A distribution with these shares at two places of the grid."""
    weights = np.zeros(len(T))
    weights[LOW], weights[HIGH] = shares["low"], shares["high"]
    return weights


def draws(chances=(0.25, 0.25, 0.5)):
    weights = np.stack([at(low=1, high=0), at(low=0.5, high=0.5), at(low=0, high=1)])
    return Draws(weights, np.array(chances), 0.25 * weights, 0.75 * weights, 10)


CURVE = np.where(T > 0, 1.0, 0.0)[:, None] * np.array([[1.0, 2.0]])


def test_a_mean_over_new_problems_is_that_of_each_draw():
    assert draws().of_new(CURVE) == pytest.approx(np.array([[0, 0], [0.5, 1.0], [1, 2]]))


def test_a_mean_over_these_problems_has_the_error_of_their_chances():
    found = draws().of_these(CURVE)
    assert found[[0, 2]] == pytest.approx(np.array([[0, 0], [1, 2]]))  # nothing varies
    deviate = np.random.default_rng(1).standard_normal((3, 1))[1, 0]
    # A problem is solved with a chance of one half: a variance of 1/4 for each of ten.
    assert found[1] == pytest.approx(np.clip((0.5 + deviate * np.sqrt(0.25 / 10)) * np.array([1, 2]), 0, [1, 2]))


def test_ends_are_central_shares_of_the_draws_by_their_chances():
    many = Draws(
        np.stack([at(low=1 - share, high=share) for share in np.linspace(0, 1, 101)]), np.full(101, 1 / 101),
        np.zeros((101, len(T))), np.stack([at(low=1 - share, high=share) for share in np.linspace(0, 1, 101)]), 10**9,
    )  # fmt: skip
    low, high = many.ends(CURVE, 0.8)
    assert low == pytest.approx([0.1, 0.2], abs=0.011)
    assert high == pytest.approx([0.9, 1.8], abs=0.021)
    skewed = Draws(many.weights, np.where(np.arange(101) < 50, 0.019, 0.001 / 51), many.unsolved, many.solved, 10**9)
    assert skewed.ends(CURVE, 0.8)[1][0] < 0.5


def test_a_mixture_averages_its_draws_and_widens_by_free_shapes():
    narrow = draws((0.0, 1.0, 0.0))
    wide = Draws(narrow.weights, np.array([1 / 3] * 3), narrow.unsolved, narrow.solved, 10**9)
    law = Mixture(narrow, wide, {})
    assert law.mean(CURVE) == pytest.approx([0.5, 1.0])
    low, high = law.ends(CURVE, 0.95)
    assert (low[0], high[0]) == (0.0, 1.0)


def test_failures_are_powers_of_the_chance_to_fail():
    assert failure(np.array([1, 3])) == pytest.approx(np.stack([expit(-T), expit(-T) ** 3], axis=1), rel=1e-9)


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (0.7, 0.1)])
def test_the_mean_chance_is_that_of_the_counts(scale, offset):
    """Counts are of chances offset + scale * u, and the mixture is the distribution of u."""
    generator = np.random.default_rng(0)
    u = generator.beta(1.5, 3.0, 400)
    n = np.full(400, 30)
    counts = make_counts(n, generator.binomial(n, offset + scale * u))
    law = fit_mixture(counts, scale, offset)
    curve = np.stack([np.exp(LOG_P), np.exp(2 * LOG_P)], axis=1)
    assert law.mean(curve) == pytest.approx([u.mean(), (u**2).mean()], abs=0.012)
    low, high = law.ends(curve, 0.9)
    assert (low < law.mean(curve)).all()
    assert (law.mean(curve) < high).all()
    assert sum(law.families.values()) == pytest.approx(1.0)
    assert law.averaged.chances.sum() == pytest.approx(1.0)


def test_problems_with_many_attempts_are_known_well():
    """Their likelihood is narrower than the grid, and is widened to it."""
    p = beta.ppf((np.arange(50) + 0.5) / 50, 2, 2)
    counts = make_counts(np.full(50, 100_000), np.round(100_000 * p).astype(int))
    law = fit_mixture(counts)
    curve = np.exp(LOG_P)[:, None]
    assert law.mean(curve)[0] == pytest.approx(0.5, abs=0.01)
    assert law.averaged.solved.sum(axis=1) == pytest.approx(np.ones(len(law.averaged.chances)))
