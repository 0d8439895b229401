from fractions import Fraction
from math import comb

import numpy as np
import polars as pl
import pytest

from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.estimate import (
    all_succeed,
    bounds,
    clopper_pearson,
    error_over_attempts,
    error_over_problems,
    expected_attempts,
    log_failure,
    mean,
    solve_rates,
)
from tests.coverage.conftest import PYTHIA
from tests.coverage.published import COVERAGE, ERRORS

K = np.array([1, 10, 100, 1000, 10000])


def exact_rate(n, c, k):
    """pass@k in whole numbers; the product has min(c, k) factors by symmetry."""
    failed = Fraction(1)
    for j in range(min(c, k)):
        failed *= Fraction(n - max(c, k) - j, n - j)
    return 1 - failed


@pytest.mark.thorough
def test_rates_match_exact_fractions_on_four_thousand_random_triples():
    rng = np.random.default_rng(0)
    worst, triples = 0.0, 0
    for n in np.unique(np.exp(rng.uniform(0, np.log(10_000), 40)).astype(int)):
        c = np.unique(np.exp(rng.uniform(0, np.log(n + 1), 14)).astype(int).clip(0, n))
        k = np.unique(np.exp(rng.uniform(0, np.log(n + 1), 14)).astype(int).clip(1, n))
        found = -np.expm1(log_failure(np.full(len(c), n), c, k))
        for i, j in np.ndindex(*found.shape):
            true = exact_rate(int(n), int(c[i]), int(k[j]))
            worst = max(worst, abs(found[i, j] / float(true) - 1) if true else abs(found[i, j]))
            triples += 1
    assert triples > 4000
    assert worst < 1e-9


def test_rates_are_exact_where_a_product_would_lose_every_digit():
    # Each factor of 1 - prod(1 - k/j) rounds at 1e-16; one success in a million tries is k / n exactly.
    assert -np.expm1(log_failure([10**6], [1], [1]))[0, 0] == pytest.approx(1e-6, rel=1e-13)


def test_large_logs_do_not_overflow():
    rate = -np.expm1(log_failure([10**9], [3], [10**6]))[0, 0]
    assert rate == pytest.approx(1 - (1 - 1e-3) ** 3, rel=1e-6)
    assert log_failure([10_000], [5000], [5000])[0, 0] < -1000


def test_more_attempts_than_were_made_are_never_counted_as_solved():
    rates = solve_rates(make_counts([10, 10, 10], [0, 3, 10]), [10, 11])
    assert rates[:, 0].tolist() == [0, 1, 1]
    assert np.isnan(rates[:, 1]).all()


@pytest.mark.parametrize("model", PYTHIA)
def test_coverage_and_errors_of_pythia_models_are_as_measured(pythia, model):
    rates = solve_rates(pythia[model], K)
    assert mean(pythia[model], rates) == pytest.approx(COVERAGE[model], abs=5.1e-7)  # as printed
    problems, attempts = ERRORS[model]
    assert error_over_problems(pythia[model], rates)[2] == pytest.approx(problems, abs=1e-6)
    assert error_over_attempts(pythia[model], [100])[0] == pytest.approx(attempts, abs=1e-6)


def test_coverage_of_pythia_models_equals_that_of_the_authors(pythia, shared_data):
    published = pl.read_csv(shared_data / "pythia_math" / "repo_pass_at_k.csv")
    for row in published.iter_rows(named=True):
        counts = pythia[row["model"].removeprefix("Pythia ")]
        assert mean(counts, solve_rates(counts, [row["k"]]))[0] == pytest.approx(row["pass_at_k"], abs=1e-9)


def test_averaging_chances_before_raising_them_is_far_off(pythia):
    counts = pythia["12B"]
    naive = 1 - (1 - (counts.c / counts.n).mean()) ** 100
    assert naive == pytest.approx(0.904, abs=5e-4)
    assert mean(counts, solve_rates(counts, [100]))[0] == pytest.approx(0.483, abs=5e-4)


@pytest.mark.parametrize(("model", "naive"), [("12B", 0.848483), ("70M", 0.233614)])
def test_plugging_in_shares_is_biased_downwards(pythia, model, naive):
    counts = pythia[model]
    assert (1 - (1 - counts.c / counts.n) ** 10_000).mean() == pytest.approx(naive, abs=1e-6)
    assert mean(counts, solve_rates(counts, [10_000]))[0] > naive


def test_a_uniform_prior_credits_problems_that_were_never_solved(pythia):
    counts = pythia["70M"]
    never = counts.n - counts.c

    def posterior(a, b):  # of 1 - (1-p)^n, p ~ Beta(c + a, n - c + b)
        from scipy.special import betaln

        return 1 - np.exp(betaln(counts.c + a, never + b + 10_000) - betaln(counts.c + a, never + b)).mean()

    assert posterior(1, 1) == pytest.approx(0.609, abs=1e-3)
    assert posterior(0.5, 0.5) == pytest.approx(0.447, abs=1e-3)
    assert mean(counts, solve_rates(counts, [10_000]))[0] == 0.265625


def test_the_variance_over_attempts_is_unbiased():
    # All outcomes of 20 attempts at p = 0.13 enumerated: the mean estimate is the variance of pass@7.
    n, p, k = 20, 0.13, 7
    c = np.arange(n + 1)
    chance = np.array([comb(n, int(each)) * p**each * (1 - p) ** (n - each) for each in c])
    rate = solve_rates(make_counts(np.full(n + 1, n), c), [k])[:, 0]
    estimated = [error_over_attempts(make_counts([n], [int(each)]), [k])[0] for each in c]
    q = 1 - rate
    raw = q**2 - np.exp(log_failure(np.full(n + 1, n), c, [2 * k]))[:, 0]
    true = chance @ rate**2 - (chance @ rate) ** 2
    assert true == pytest.approx(0.0600068115, abs=1e-10)
    assert chance @ raw == pytest.approx(true, rel=1e-12)
    assert estimated == pytest.approx(np.sqrt(np.maximum(raw, 0)), abs=1e-9)


def test_there_is_no_error_over_attempts_beyond_half_of_them():
    assert np.isnan(error_over_attempts(make_counts([10, 10], [1, 2]), [6]))[0]


def test_attempts_are_a_small_part_of_the_variance(pythia):
    rates = solve_rates(pythia["12B"], [100])
    share = (error_over_attempts(pythia["12B"], [100]) / error_over_problems(pythia["12B"], rates))[0] ** 2
    assert share == pytest.approx(0.004, abs=5e-4)


def test_copies_of_a_problem_in_one_cluster_add_no_certainty():
    n, c = np.full(30, 100), np.arange(30)
    alone = make_counts(n, c)
    copied = make_counts(np.tile(n, 4), np.tile(c, 4), np.tile(np.arange(30), 4))
    loose = make_counts(np.tile(n, 4), np.tile(c, 4))
    errors = [error_over_problems(each, solve_rates(each, [5]))[0] for each in (alone, copied, loose)]
    assert errors[1] == pytest.approx(errors[0], rel=1e-12)
    assert errors[2] < 0.51 * errors[0]


def test_short_problems_bound_coverage_instead_of_lifting_it():
    counts = make_counts([10, 10, 5, 5], [2, 0, 1, 0])
    low, high = bounds(counts, [10])
    assert (low[0], high[0]) == (0.5, 0.75)  # one short problem was solved, of the other nothing is known
    full = make_counts([10, 10], [2, 0])
    assert bounds(full, [10])[0][0] == bounds(full, [10])[1][0] == 0.5


def test_where_all_are_solved_the_interval_is_clopper_and_pearsons():
    low, high = clopper_pearson(39, 39, 0.95)
    assert (low, high) == (pytest.approx(0.9097, abs=5e-5), 1.0)
    assert clopper_pearson(0, 39, 0.95) == (0.0, pytest.approx(1 - low, abs=1e-12))


def test_all_of_k_attempts_succeed_as_often_as_counting_says():
    found = all_succeed([20, 20], [12, 3], [4])[:, 0]
    assert found == pytest.approx([comb(12, 4) / comb(20, 4), 0.0])


@pytest.mark.parametrize(("model", "attempts"), [("12B", 66.0824), ("70M", 97.8964)])
def test_expected_attempts_under_stopping_are_as_measured(pythia, model, attempts):
    assert expected_attempts(pythia[model], [100])[0] == pytest.approx(attempts, abs=1e-4)


def test_expected_attempts_are_the_sum_of_the_chances_to_go_on(pythia):
    rates = solve_rates(pythia["12B"], np.arange(1, 50))
    going_on = 1 + (1 - mean(pythia["12B"], rates)).sum()
    assert expected_attempts(pythia["12B"], [50])[0] == pytest.approx(going_on, rel=1e-10)


def test_problems_solved_of_problems_tried_are_not_successes_of_attempts():
    # 30.5 % of 200 problems, fed in as one problem with 200 attempts, would become 97.7 % at k = 10.
    assert solve_rates(make_counts([200], [61]), [10])[0, 0] == pytest.approx(0.977, abs=2e-3)
