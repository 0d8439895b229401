"""Each law of difficulty as a distribution: its parameters, its failures, and the ends of its intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from scaling_cli.coverage.beta_binomial import fit_beta_binomial
from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.distributions import fit_distribution, plugged_scale
from scaling_cli.coverage.grid import make_grid
from scaling_cli.coverage.mixture import failure, fit_mixture

RANDOM = np.random.default_rng(4)
COUNTS = make_counts(np.full(60, 20), RANDOM.binomial(20, RANDOM.beta(0.5, 3.0, 60)))
K = np.array([1.0, 20.0, 2000.0])


def test_a_scaled_law_allows_a_little_more_than_the_largest_share():
    counts = make_counts(np.array([10, 20, 40]), np.array([3, 8, 4]))
    assert plugged_scale(counts) == pytest.approx(4 / 3 * 0.4)
    assert plugged_scale(make_counts(np.array([10, 20]), np.array([9, 1]))) == 1.0


def test_a_beta_binomial_law_has_normal_intervals_in_the_log_of_its_log():
    law, found = fit_beta_binomial(COUNTS), fit_distribution("beta-binomial", COUNTS, 0.9)
    assert found.log_failure(K) == pytest.approx(law.log_failure(K))
    middle, low, high = found.transformed(K)
    assert middle == pytest.approx(np.log(-np.log1p(-np.exp(law.log_failure(K)))))
    reach = norm.ppf(0.95) * law.standard_error(K)
    assert (low, high) == (pytest.approx(middle - reach), pytest.approx(middle + reach))
    assert found.asymptotic_exponent == law.alpha
    assert found.log_likelihood == law.log_likelihood
    plain = fit_distribution("beta-binomial", COUNTS, None).transformed(K)
    assert plain[0].tolist() == plain[1].tolist() == plain[2].tolist()


@pytest.mark.parametrize("name", ["scaled-beta", "kumaraswamy"])
def test_a_scaled_law_is_the_likeliest_of_its_grid(name):
    found = fit_distribution(name, COUNTS, 0.9)
    assert found.parameters["scale"] == (plugged_scale(COUNTS), None, None)
    alpha, low, high = found.parameters["alpha"]
    assert low < alpha < high
    assert found.asymptotic_exponent == alpha
    assert make_grid(COUNTS, plugged_scale(COUNTS)).scale == plugged_scale(COUNTS)
    coverage, lower, upper = found.coverage(K)
    assert coverage == pytest.approx(1 - np.exp(found.log_failure(K)))
    assert (lower < coverage).all()
    assert (coverage < upper).all()
    assert coverage[1] == pytest.approx((COUNTS.c > 0).mean(), abs=0.1)


def test_a_mixture_has_the_mean_of_its_families_and_an_interval_that_holds_it():
    law, found = fit_mixture(COUNTS), fit_distribution("mixture", COUNTS, 0.9)
    mean, low, high = law.mean_and_ends(failure(K), 0.9)
    assert np.exp(found.log_failure(K)) == pytest.approx(mean)
    coverage, lower, upper = found.coverage(K)
    assert coverage == pytest.approx(1 - mean)
    assert lower == pytest.approx(1 - np.fmax(high, mean))
    assert upper == pytest.approx(1 - np.fmin(low, mean))
    assert {name: ends[0] for name, ends in found.parameters.items()} == pytest.approx(law.families)
    assert (found.log_likelihood, found.asymptotic_exponent) == (None, None)
    ends = law.averaged.central(law.averaged.of_new(failure(K)), 0.95)
    assert found.of_families(K) == (pytest.approx(1 - ends[1]), pytest.approx(1 - ends[0]))


def test_without_a_level_a_mixture_has_its_mean_alone():
    found = fit_distribution("mixture", COUNTS, None)
    middle, low, high = found.coverage(K)
    assert middle.tolist() == low.tolist() == high.tolist()
    assert middle == pytest.approx(1 - fit_mixture(COUNTS, with_ends=False).mean(failure(K)))
