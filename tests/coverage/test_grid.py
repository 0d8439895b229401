"""Likelihood and coverage by quadrature, against closed forms and adaptive quadrature."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta as beta_law
from scipy.stats import betabinom, binom

from scaling_cli.coverage.beta_binomial import log_failure
from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.grid import beta_weights, kumaraswamy_weights, make_grid

COUNTS = make_counts(np.array([10, 10, 40, 40, 40]), np.array([0, 10, 3, 3, 40]))
SHAPES = [(0.5, 4.0), (0.05, 0.2), (3.0, 2.0)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_beta_law_has_the_likelihood_and_coverage_of_the_closed_form(shape):
    grid = make_grid(COUNTS)
    weights, ends = beta_weights(grid, np.log(shape))
    assert grid.log_likelihood(weights, ends) == pytest.approx(betabinom.logpmf(COUNTS.c, COUNTS.n, *shape).sum())
    k = np.array([1.0, 10.0, 1000.0])
    assert grid.log_failure(weights, ends, k) == pytest.approx(log_failure(*shape, k), rel=1e-5)
    assert weights.sum() + sum(ends) == pytest.approx(1)


def test_atoms_carry_the_mass_beyond_the_grid():
    """Beta(0.05, 0.2) has e^-3 of its mass below a chance of e^-60, and e^-8 above one of 1 - e^-40."""
    below, above = beta_weights(make_grid(COUNTS), np.log([0.05, 0.2]))[1]
    assert below == pytest.approx(beta_law.cdf(np.exp(-60), 0.05, 0.2), rel=1e-6)
    assert above == pytest.approx(beta_law.cdf(np.exp(-40), 0.2, 0.05), rel=1e-6)


def over(density, chance):
    """The mean of a function of u under a density, piecewise so that narrow peaks are found."""
    places = [0, 1e-6, 1e-3, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1]
    return sum(quad(lambda u: density(u) * chance(u), low, high, limit=200)[0] for low, high in pairwise(places))


@pytest.mark.parametrize(("scale", "offset"), [(0.6, 0.0), (0.8, 0.1), (1.0, 0.0)])
def test_chances_may_be_scaled_and_start_above_zero(scale, offset):
    """The chance of success is offset + scale * u, and u a draw of a law."""
    counts = make_counts(np.array([10, 10, 30]), np.array([1, 4, 20]))
    grid = make_grid(counts, scale, offset)
    laws = {
        beta_weights: beta_law(1.5, 2.5).pdf,
        kumaraswamy_weights: lambda u: 1.5 * 2.5 * u**0.5 * (1 - u**1.5) ** 1.5,
    }
    for weigh, density in laws.items():
        weights, ends = weigh(grid, np.log([1.5, 2.5]))
        logs = [
            np.log(over(density, lambda u, n=n, c=c: binom.pmf(c, n, offset + scale * u)))
            for n, c in zip(counts.n, counts.c, strict=True)
        ]
        assert grid.log_likelihood(weights, ends) == pytest.approx(sum(logs), abs=1e-5)
        for k in (1.0, 5.0):
            failed = over(density, lambda u, k=k: (1 - offset - scale * u) ** k)
            assert grid.log_failure(weights, ends, np.array([k]))[0] == pytest.approx(np.log(failed), abs=1e-5)


def test_kumaraswamys_law_has_the_mass_beyond_the_grid_in_its_atoms():
    weights, (below, above) = kumaraswamy_weights(make_grid(COUNTS), np.log([0.05, 0.2]))
    assert below == pytest.approx(1 - (1 - np.exp(-60 * 0.05)) ** 0.2, rel=1e-6)
    assert above == pytest.approx((0.05 * np.exp(-40)) ** 0.2, rel=1e-3)
    assert weights.sum() + below + above == pytest.approx(1, abs=1e-4)


def test_atoms_have_the_likelihood_of_certain_failure_and_success():
    grid = make_grid(COUNTS)
    pairs = list(zip(COUNTS.pair_n.tolist(), COUNTS.pair_c.tolist(), strict=True))
    assert grid.atoms[pairs.index((10, 0))].tolist() == [1.0, 0.0]
    assert grid.atoms[pairs.index((10, 10))].tolist() == [0.0, 1.0]
    assert grid.atoms[pairs.index((40, 3))].tolist() == [0.0, 0.0]
    scaled = make_grid(make_counts(np.array([5]), np.array([2])), 0.5, 0.1)
    assert scaled.atoms[0] == pytest.approx([binom.pmf(2, 5, 0.1), binom.pmf(2, 5, 0.6)])


def test_what_is_negligible_takes_no_memory():
    """Of 10,000 attempts, half of which succeed, other chances than a half are far too unlikely."""
    grid = make_grid(make_counts(np.array([10_000]), np.array([5_000])))
    assert np.abs(grid.t[grid.columns]).max() < 20 * 2 / np.sqrt(10_000)
    assert grid.values.min() > 1e-24


def test_the_step_follows_the_narrowest_likelihood():
    """A problem with n attempts at a chance of one half has a likelihood of width 2 / sqrt(n) in log-odds."""
    coarse, fine = (make_grid(make_counts(np.array([n]), np.array([n // 2]))).t for n in (10, 100_000))
    assert np.diff(coarse)[0] == pytest.approx(0.05)
    assert np.diff(fine)[0] == pytest.approx(2 / np.sqrt(100_000) / 2)
    assert coarse[0] == fine[0] == -60
    assert coarse[-1] == pytest.approx(40, abs=0.06)
