"""Families of distributions of difficulty, on their grid of log-odds, and their fixed draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta, kstest, norm

from scaling_cli.coverage.families import FAMILIES, LOG_P, LOG_Q, STEP, T, from_prior, normals

ATTEMPTS = np.array([1.0, 10.0, 1000.0])


def failed(weights):
    """The chance that attempts at a random problem all fail."""
    return weights @ np.exp(np.outer(LOG_Q, ATTEMPTS))


def of_beta(a, b):
    """The same for Beta(a, b), by its moments: a product over attempts, as a sum of logs."""
    return np.array([np.exp(np.log1p(-a / (a + b + np.arange(int(k)))).sum()) for k in ATTEMPTS])


def of_normal(middle, spread):
    """The same for normal log-odds, by a fine sum."""
    z = np.linspace(-9, 9, 4001)
    weight = norm.pdf(z) / norm.pdf(z).sum()
    return np.array([weight @ (1 - expit(middle + spread * z)) ** k for k in ATTEMPTS])


def weights(name, *z):
    return FAMILIES[name].weights(np.array([z], dtype=float))[0]


# In the middle of its prior: the typical distribution that each family assumes before it sees any count.
MIDDLE = {
    "beta": of_beta(0.6, 4),
    "normal": of_normal(-2.5, 2.5),
    "inflated-beta": 0.5 + 0.5 * of_beta(0.6, 4),
    "inflated-normal": 0.5 + 0.5 * of_normal(-2.5, 2.5),
    "two-betas": 0.5 * of_beta(0.8, 2) + 0.5 * of_beta(0.8, 20),
    "two-normals": 0.5 * of_normal(0, 1.5) + 0.5 * of_normal(-5, 1.5),
    "two-narrow": 0.5 * of_normal(0, 0.3) + 0.5 * of_normal(-5, 0.3),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_has_its_typical_distribution_in_the_middle_of_its_prior(name):
    found = weights(name, *np.zeros(FAMILIES[name].size))
    assert found.sum() == pytest.approx(1)
    assert failed(found) == pytest.approx(MIDDLE[name], rel=2e-3)


@pytest.mark.parametrize(
    ("name", "z", "expected"),
    [
        ("beta", (0.5, 0), of_beta(0.6 * np.exp(0.5), 4)),
        ("beta", (0, 0.5), of_beta(0.6, 4 * np.exp(0.8))),
        ("normal", (0.5, 0), of_normal(-1.0, 2.5)),
        ("normal", (0, 0.5), of_normal(-2.5, 2.5 * np.exp(0.3))),
        ("two-betas", (0.5, 0, 0, 0, 99), of_beta(0.8 * np.exp(0.5), 2)),
        ("two-betas", (0, 0.5, 0, 0, 99), of_beta(0.8, 2 * np.exp(0.6))),
        ("two-betas", (0, 0, 0.5, 0, -99), of_beta(0.8 * np.exp(0.5), 20)),
        ("two-betas", (0, 0, 0, 0.5, -99), of_beta(0.8, 20 * np.exp(1))),
        ("two-normals", (0.5, 0, 0, 0, 99), of_normal(1, 1.5)),
        ("two-normals", (0, 0.5, 0, 0, 99), of_normal(0, 1.5 * np.exp(0.3))),
        ("two-normals", (0, 0, 0.5, 0, -99), of_normal(-3.5, 1.5)),
        ("two-normals", (0, 0, 0, 0.5, -99), of_normal(-5, 1.5 * np.exp(0.3))),
        ("two-narrow", (0.5, 0, 0, 0, 99), of_normal(1, 0.3)),
        ("two-narrow", (0, 0.5, 0, 0, 99), of_normal(0, 0.3 * np.exp(0.25))),
        ("two-narrow", (0, 0, 0.5, 0, -99), of_normal(-3.5, 0.3)),
        ("two-narrow", (0, 0, 0, 0.5, -99), of_normal(-5, 0.3 * np.exp(0.25))),
    ],
)
def test_each_deviate_moves_one_number_of_a_family(name, z, expected):
    assert failed(weights(name, *z)) == pytest.approx(expected, rel=2e-3, abs=1e-12)


@pytest.mark.parametrize("name", ["inflated-beta", "inflated-normal"])
def test_the_share_of_unsolvable_problems_lies_at_the_lower_end(name):
    """Attempts never solve them, and the others are as without them."""
    plain = weights(name.removeprefix("inflated-"), 0, 0)
    found = weights(name, 0, 0, 1.0)
    share = norm.cdf(1.0)
    assert found[1:] == pytest.approx((1 - share) * plain[1:])
    assert found[0] == pytest.approx(share + (1 - share) * plain[0])


def test_the_mass_of_a_beta_law_below_the_grid_is_at_its_lower_end():
    found = FAMILIES["beta"].weights(np.array([[-2.0, 0.0]]))[0]
    assert found[0] == pytest.approx(beta.cdf(expit(T[0]), 0.6 * np.exp(-2), 4), rel=0.03)


def test_the_grid_holds_chances_and_their_complements():
    assert (T[0], T[-1]) == (pytest.approx(-26), pytest.approx(16))
    assert np.diff(T) == pytest.approx(STEP)
    assert np.exp(LOG_P) == pytest.approx(expit(T))
    assert np.exp(LOG_Q) == pytest.approx(expit(-T), abs=1e-15)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_deviates_fill_the_normal_distribution_evenly(size):
    """Random numbers are about 1 / sqrt(384) = 0.05 from it, and a sequence of low discrepancy is much closer."""
    for turn in (0, 1, 3):
        z = normals(size, turn)
        assert z.shape == (384, size)
        assert max(kstest(column, "norm").statistic for column in z.T) < 0.015
        assert np.abs(np.corrcoef(z.T) - np.eye(size)).max() < 0.1
    assert not np.allclose(normals(size, 0), normals(size, 1))


def test_turns_continue_the_sequence():
    both = np.concatenate([normals(2, 0), normals(2, 1)])
    assert max(kstest(column, "norm").statistic for column in both.T) < 0.006


def test_draws_of_the_prior_are_those_of_the_first_turn():
    family = FAMILIES["normal"]
    assert from_prior(family) == pytest.approx(family.weights(normals(2, 0)))
    assert from_prior(family).sum(axis=1) == pytest.approx(np.ones(384))
