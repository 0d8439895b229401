import numpy as np
import pytest
from scipy.special import betaln

from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.estimate import mean, solve_rates
from scaling_cli.coverage.stopping import batch_size, follows_outcomes, product_limit, until_solved


def test_a_log_that_stops_at_a_success_is_found_out(stopped):
    counts, first = stopped
    assert batch_size(counts, np.array(first)) == 60
    assert batch_size(counts) == 60


def test_the_product_limit_estimate_is_as_measured(stopped):
    found = product_limit(stopped[0], 60, [1, 10, 60, 120, 300, 600, 4200])[0]
    expected = [0.042243, 0.283443, 0.666667, 0.773585, 0.899371, 0.962264, 1.0]
    assert found == pytest.approx(expected, abs=6e-7)


def test_the_usual_estimate_is_far_too_high_on_such_a_log(stopped):
    counts = stopped[0]
    assert (counts.c / counts.n).mean() == pytest.approx(0.044516, abs=1e-6)
    rates = solve_rates(counts, [60, 120])
    rates[np.isnan(rates)] = 1.0  # as implementations do where k > n
    assert mean(counts, rates) == pytest.approx([0.786, 0.8769], abs=1e-3)


def test_every_jailbreak_log_is_found_to_stop_in_batches(shared_data):
    import polars as pl

    rows = pl.read_csv(shared_data / "bon_jailbreak_text" / "counts.csv")
    for _, group in rows.group_by("model"):
        assert batch_size(make_counts(group["n"].to_numpy(), group["c"].to_numpy())) == 60


def test_unequal_attempts_alone_are_no_stopping():
    rng = np.random.default_rng(0)
    n = rng.integers(20, 60, 50)
    assert batch_size(make_counts(n, rng.binomial(n, 0.3))) is None
    assert batch_size(make_counts(np.full(50, 10), rng.binomial(10, 0.3, 50))) is None


def test_a_first_success_before_the_last_batch_rules_stopping_out(stopped):
    counts, first = stopped
    moved = np.array(first)
    moved[np.argmax(counts.n)] = 1
    assert batch_size(counts, moved) is None


@pytest.mark.parametrize("batch", [1, 5])
def test_the_product_limit_recovers_coverage_where_sampling_stops(batch):
    rng = np.random.default_rng(3)
    longest, problems = 40, 40_000
    p = rng.beta(0.6, 4.0, problems)
    hits = rng.random((problems, longest)) < p[:, None]
    by_batch = hits.reshape(problems, -1, batch).sum(axis=2)
    solved = by_batch > 0
    last = np.where(solved.any(axis=1), solved.argmax(axis=1), solved.shape[1] - 1)
    counts = make_counts((last + 1) * batch, by_batch[np.arange(problems), last])
    k = np.array([1, 3, 7, 20, 40])
    truth = np.array([(1 - (1 - p) ** each).mean() for each in k])
    assert product_limit(counts, batch, k)[0] == pytest.approx(truth, abs=0.01)  # four standard errors


def test_beyond_the_longest_problem_nothing_is_said(stopped):
    assert np.isnan(product_limit(stopped[0], 60, [4201]))[0, 0]


def doubling(problems=120, seed=0, first=2, longest=20):
    """First successes and counts where the number of attempts doubles until one succeeds."""
    rng = np.random.default_rng(seed)
    hits = rng.random((problems, longest)) < rng.beta(0.5, 2.0, problems)[:, None]
    n = np.full(problems, first)
    for _ in range(4):
        done = np.array([row[:length].any() for row, length in zip(hits, n, strict=True)])
        n = np.where(done, n, np.minimum(2 * n, longest))
    c = np.array([row[:length].sum() for row, length in zip(hits, n, strict=True)])
    return make_counts(n, c), np.where(c > 0, hits.argmax(axis=1) + 1, 0)


def test_sampling_that_goes_on_only_at_unsolved_problems_is_found_out():
    counts, first = doubling()
    assert batch_size(counts, first) is None
    assert follows_outcomes(counts)
    part = until_solved(counts, first)
    assert part.n[first > 0].tolist() == first[first > 0].tolist()
    assert part.c.tolist() == (first > 0).tolist()


def test_attempts_up_to_the_first_success_give_coverage_without_bias():
    counts, first = doubling(problems=20_000)
    k = np.array([1, 2, 5, 10, 20])
    found = product_limit(until_solved(counts, first), 1, k)[0]
    truth = [1 - np.exp(betaln(0.5, 2.0 + each) - betaln(0.5, 2.0)) for each in k]
    assert found == pytest.approx(truth, abs=0.012)
    assert (counts.c / counts.n).mean() > truth[0] + 0.05


def test_a_stop_at_the_second_success_is_found_out():
    rng = np.random.default_rng(0)
    n = np.minimum(rng.negative_binomial(2, rng.uniform(0.1, 0.9, 60)) + 2, 20)
    counts = make_counts(n, np.where(n < 20, 2, 1))
    assert batch_size(counts, np.ones(60, dtype=int)) is None
    assert follows_outcomes(counts)


def test_planned_numbers_of_attempts_and_few_short_problems_follow_no_outcomes():
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(200):
        p = rng.beta(0.5, 2.0, 100)
        n = np.where(p < 0.3, 20, 5)  # fewer attempts at problems known to be easy
        alarms += follows_outcomes(make_counts(n, rng.binomial(n, p)))
        n = np.where(rng.random(100) < 0.2, 15, 20)  # some attempts were lost
        alarms += follows_outcomes(make_counts(n, rng.binomial(n, p)))
    assert alarms == 0
    counts, _ = doubling(problems=12)
    assert not follows_outcomes(counts)


def test_attempts_that_are_not_numbered_from_the_first_on_have_no_first_success():
    counts, first = doubling()
    assert until_solved(counts, np.where(first > 0, first + 20, 0)) is None
    assert until_solved(counts, np.zeros_like(first)) is None
