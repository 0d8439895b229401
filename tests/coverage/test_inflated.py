"""The beta-binomial law with a share of problems that no attempt solves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import betabinom, chi2

from scaling_cli.coverage.beta_binomial import fit_beta_binomial
from scaling_cli.coverage.beta_binomial import log_failure as beta_log_failure
from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.inflated import zero_inflated


def counts_of(share, seed=0, problems=150, attempts=40):
    generator = np.random.default_rng(seed)
    p = generator.beta(3.0, 6.0, problems) * (generator.random(problems) >= share)
    n = np.resize([attempts, attempts // 2], problems)
    return make_counts(n, generator.binomial(n, p))


def log_likelihood(counts, share, alpha, beta):
    mass = (1 - share) * betabinom.pmf(counts.c, counts.n, alpha, beta) + share * (counts.c == 0)
    return np.log(mass).sum()


def best(counts, share):
    """The highest likelihood at a share of unsolvable problems, by another method."""
    found = minimize(lambda at: -log_likelihood(counts, share, *np.exp(at)), np.log([3.0, 6.0]), method="BFGS")
    return -found.fun, np.exp(found.x)


INFLATED = counts_of(0.3)
LAW = zero_inflated(INFLATED, 0.9)


def test_the_fit_is_the_maximum_of_the_likelihood():
    share, low, high = LAW.parameters["unsolvable"]
    top, shape = best(INFLATED, share)
    assert LAW.log_likelihood == pytest.approx(top, abs=1e-5)
    assert [LAW.parameters[name][0] for name in ("alpha", "beta")] == pytest.approx(shape, rel=1e-3)
    assert max(best(INFLATED, share - 0.02)[0], best(INFLATED, share + 0.02)[0]) < top
    assert LAW.asymptotic_exponent is None
    assert low < 0.3 < high


def test_the_interval_of_the_share_ends_where_the_profile_falls_by_half_a_squared_quantile():
    drop = chi2.ppf(0.9, 1) / 2
    _, low, high = LAW.parameters["unsolvable"]
    assert LAW.log_likelihood - best(INFLATED, low)[0] == pytest.approx(drop, abs=0.01)
    # No more can be unsolvable than were not solved, which the counts allow here.
    assert high == pytest.approx((INFLATED.c == 0).mean())
    assert LAW.log_likelihood - best(INFLATED, high)[0] < drop


def test_the_likelihood_ratio_is_that_against_no_unsolvable_problem():
    plain = fit_beta_binomial(INFLATED).log_likelihood
    assert LAW.likelihood_ratio == pytest.approx(2 * (LAW.log_likelihood - plain), abs=1e-4)
    assert LAW.p_value == pytest.approx(chi2.sf(LAW.likelihood_ratio, 1) / 2)


def test_coverage_has_the_share_as_its_ceiling():
    share, alpha, beta = (LAW.parameters[name][0] for name in ("unsolvable", "alpha", "beta"))
    k = np.array([1.0, 10.0, 1e6])
    solved = (1 - share) * (1 - np.exp(beta_log_failure(alpha, beta, k)))
    middle, low, high = LAW.coverage(k)
    assert middle == pytest.approx(solved, rel=1e-6)
    assert 1 - np.exp(LAW.log_failure(k)) == pytest.approx(solved, rel=1e-6)
    assert (low < middle).all()
    assert (middle < high).all()
    # Far out, the interval of coverage is that of the ceiling.
    assert (low[-1], high[-1]) == pytest.approx([1 - end for end in LAW.parameters["unsolvable"][:0:-1]], abs=0.005)


def test_without_an_excess_of_unsolved_problems_the_share_is_zero_and_the_law_plain():
    generator = np.random.default_rng(1)
    n = np.full(100, 30)
    counts = make_counts(n, np.maximum(generator.binomial(n, generator.beta(1.5, 4.0, 100)), 1))
    law, plain = zero_inflated(counts, 0.9), fit_beta_binomial(counts)
    assert law.parameters["unsolvable"] == (0.0, 0.0, 0.0)
    assert law.asymptotic_exponent == pytest.approx(plain.alpha, rel=1e-4)
    assert law.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    assert (law.likelihood_ratio, law.p_value) == (pytest.approx(0.0, abs=1e-6), 1.0)


def test_the_share_is_zero_or_more_and_at_most_that_of_unsolved_problems():
    counts = counts_of(0.0, seed=3)
    share, low, high = zero_inflated(counts, 0.99).parameters["unsolvable"]
    assert 0.0 <= low <= share <= high <= (counts.c == 0).mean()
    assert low == 0.0


def test_without_a_level_there_is_no_interval():
    law = zero_inflated(INFLATED, None)
    share = law.parameters["unsolvable"]
    assert share[0] == share[1] == share[2]
    middle, low, high = law.coverage(np.array([5.0]))
    assert middle == low == high
