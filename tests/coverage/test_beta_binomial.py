"""The beta-binomial law against scipy, quadrature and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import betaln
from scipy.stats import betabinom

from scaling_cli.coverage.beta_binomial import BetaBinomial, NoSpreadError, fit_beta_binomial, log_failure
from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.distribution import log_minus_log
from scaling_cli.errors import FitError


def counts_of(alpha=0.6, beta=3.0, problems=80, attempts=(10, 30), seed=0):
    """Problems with different numbers of attempts, whose chances of success are draws of Beta(alpha, beta)."""
    generator = np.random.default_rng(seed)
    n = np.resize(attempts, problems)
    return make_counts(n, generator.binomial(n, generator.beta(alpha, beta, problems)))


def negative(counts):
    return lambda theta: -betabinom.logpmf(counts.c, counts.n, *np.exp(theta)).sum()


def test_the_fit_is_the_maximum_of_scipys_likelihood():
    counts = counts_of()
    law = fit_beta_binomial(counts)
    found = minimize(negative(counts), np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert (law.alpha, law.beta) == pytest.approx(np.exp(found.x), rel=1e-5)
    assert law.log_likelihood == pytest.approx(-found.fun)


def test_the_covariance_is_that_of_the_curvature():
    counts = counts_of()
    law = fit_beta_binomial(counts)
    at, value, step = np.log([law.alpha, law.beta]), negative(counts), 1e-3 * np.eye(2)
    curvature = [
        [(value(at + i + j) - value(at + i - j) - value(at - i + j) + value(at - i - j)) / 4e-6 for j in step]
        for i in step
    ]
    assert law.covariance == pytest.approx(np.linalg.inv(curvature), rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_a_strong_or_weak_spread_is_found_from_any_start(seed):
    alpha, beta = ((0.05, 0.05), (0.05, 5.0), (20.0, 20.0), (0.5, 300.0))[seed]
    counts = counts_of(alpha, beta, problems=400, attempts=(50, 200), seed=seed)
    law = fit_beta_binomial(counts)
    assert law.log_likelihood >= betabinom.logpmf(counts.c, counts.n, alpha, beta).sum()
    assert np.log([law.alpha, law.beta]) == pytest.approx(np.log([alpha, beta]), abs=0.4)


@pytest.mark.parametrize("k", [1.0, 7.0, 100.0, 1e5])
def test_the_error_of_a_forecast_follows_from_its_slopes(k):
    law = fit_beta_binomial(counts_of())
    at, step = np.log([law.alpha, law.beta]), 1e-5 * np.eye(2)

    def transformed(theta):
        return float(log_minus_log(log_failure(*np.exp(theta), k)))

    slopes = np.array([(transformed(at + one) - transformed(at - one)) / 2e-5 for one in step])
    assert law.standard_error(k) == pytest.approx(np.sqrt(slopes @ law.covariance @ slopes), rel=1e-4)
    several = law.standard_error(np.array([k, 2 * k]))
    assert several.shape == (2,)
    assert several[0] == pytest.approx(float(law.standard_error(k)))


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 5.0), (3.0, 2.0), (0.02, 1e3), (1.0, 1.0)])
def test_the_chance_that_all_fail_is_a_ratio_of_beta_functions(alpha, beta):
    k = np.array([1.0, 10.0, 300.0])
    assert log_failure(alpha, beta, k) == pytest.approx(betaln(alpha, beta + k) - betaln(alpha, beta), rel=1e-9)
    assert log_failure(alpha, beta, 0.0) == 0.0


def test_the_expansion_for_many_attempts_joins_the_exact_form():
    """It takes over where beta + k passes 1e4, and there differences of log gammas still have ten digits."""
    for alpha in (0.3, 2.5, 40.0):
        k = np.array([0.5e4, 0.99e4, 1.01e4, 4e4, 4.1e5])
        assert log_failure(alpha, 7.0, k) == pytest.approx(betaln(alpha, 7.0 + k) - betaln(alpha, 7.0), rel=1e-8)


@pytest.mark.parametrize("alpha", [0.4, 1.0, 1 + 1e-9, 2.3])
def test_expected_attempts_are_the_sum_of_the_chances_to_go_on(alpha):
    law = BetaBinomial(alpha, 4.0, np.eye(2), 0.0)
    for k in (1, 5, 40):
        assert law.expected_attempts(k) == pytest.approx(np.exp(log_failure(alpha, 4.0, np.arange(k))).sum(), rel=1e-6)


def test_a_spread_is_asked_for_by_the_variance_of_counts():
    """Of ten attempts each, half successful, the binomial variance is 2.5: counts must vary more than that."""
    even = np.full(20, 10)
    with pytest.raises(NoSpreadError, match="no more than by chance"):
        fit_beta_binomial(make_counts(even, np.tile([4, 6], 10)))
    assert fit_beta_binomial(make_counts(even, np.tile([3, 7], 10))).alpha > 1
    assert fit_beta_binomial(make_counts(even, np.tile([3, 7], 10))).alpha == pytest.approx(
        fit_beta_binomial(make_counts(even, np.tile([3, 7], 10))).beta
    )


@pytest.mark.parametrize(
    ("c", "words"), [([0, 0, 0], "No attempt"), ([4, 4, 4], "Every attempt"), ([0, 4, 0], "by all of its attempts or")]
)
def test_counts_without_information_are_refused(c, words):
    with pytest.raises(FitError, match=words):
        fit_beta_binomial(make_counts(np.full(3, 4), np.array(c)))
