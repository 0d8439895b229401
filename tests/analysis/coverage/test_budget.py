"""What a budget, a target, a value or a gain buys, for four problems of which each k has a coverage known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.coverage.budget import Amount, Buyer, Questions, _every_k, costs_of, purchases
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.coverage.budget import Compute, Money
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.results.fit import Estimate

# One problem each that is solved by 4, 2, 1 and 0 of four attempts. By hand, pass@1 to pass@4 are 1 for the first,
# 1/2, 5/6, 1, 1 for the second and 1/4, 1/2, 3/4, 1 for the third.
COVERAGE = [1.75 / 4, (1 + 5 / 6 + 0.5) / 4, 2.75 / 4, 3 / 4]
DOLLAR = Money(0.0, 1e6, 0.0, 1.0)  # a dollar an attempt
RISE = 0.01  # of the forecast, for each attempt beyond the four


def forecast(k):
    estimate = COVERAGE[-1] + RISE * (k - 4)
    return Estimate(estimate, estimate - 0.02, estimate + 0.02)


def buyer(n=(4, 4, 4, 4), c=(4, 2, 1, 0), batch=None, costs=None, level=0.9, forecast=forecast, furthest=100):
    counts = make_counts(np.array(n), np.array(c))
    data = Sampled(counts, batch, ProblemResampling(400, seed=1))
    costs = {"usd": DOLLAR} if costs is None else costs
    return Buyer("small", data, ("p1", "p2", "p3", "p4"), costs, level, forecast, furthest)


def bought(buyer, **questions):
    rows, caveats = purchases(buyer, Questions(**questions), None)
    return rows, [found.code for found in caveats]


def test_the_gain_of_an_attempt_is_what_it_adds_to_coverage():
    gains = [buyer().gain(k) for k in range(4)]
    assert gains == pytest.approx(np.diff([0, *COVERAGE]))


@pytest.mark.parametrize(("dollars", "k"), [(2.99, 2), (3.0, 3), (4.0, 4)])
def test_a_budget_buys_what_it_pays_for(dollars, k):
    (row,), caveats = bought(buyer(), budgets=(Amount(dollars, "usd"),))
    assert (row.question, row.amount, row.unit, row.policy) == ("budget", dollars, "usd", "fixed")
    assert (row.k, row.attempts, row.cost) == (k, k, pytest.approx(k))
    assert row.coverage.estimate == pytest.approx(COVERAGE[k - 1])
    assert row.coverage.low < row.coverage.estimate < row.coverage.high
    assert (row.is_forecast, row.k_low, row.k_high, row.reached, caveats) == (False, None, None, None, [])


def test_a_budget_for_no_attempt_has_no_coverage():
    (row,), _ = bought(buyer(), budgets=(Amount(0.5, "usd"),))
    assert (row.k, row.coverage, row.cost, row.is_forecast) == (0, Estimate(0.0, 0.0, 0.0), None, False)


def test_a_budget_for_more_attempts_than_were_made_is_answered_by_the_forecast():
    (row,), caveats = bought(buyer(), budgets=(Amount(6.0, "usd"),))
    assert (row.k, row.is_forecast, row.coverage) == (6, True, forecast(6))
    assert (row.attempts, row.cost) == (6.0, pytest.approx(6.0))
    assert caveats == ["beyond-attempts"]


@pytest.mark.parametrize(
    ("dollars", "known", "code", "words"),
    [
        (6.0, True, "beyond-attempts", "a forecast"),
        (6.0, False, "beyond-attempts", "not known"),
        (100.0, True, "beyond-attempts", "a forecast"),
        (101.0, True, "far-extrapolation", "is a guess at best"),
        (101.0, False, "far-extrapolation", "is not forecast"),
    ],
)
def test_a_caveat_says_whether_coverage_beyond_the_attempts_is_known(dollars, known, code, words):
    asked = buyer() if known else buyer(forecast=lambda k: Estimate(None))
    rows, caveats = purchases(asked, Questions(budgets=(Amount(dollars, "usd"),)), {"model": "small"})
    (found,) = caveats
    assert (found.code, found.group) == (code, {"model": "small"})
    assert words in found.message
    assert rows[0].coverage == (forecast(int(dollars)) if known else Estimate(None))


def test_a_target_needs_the_fewest_attempts_that_reach_it():
    for k, coverage in enumerate(COVERAGE, start=1):
        (row,), _ = bought(buyer(), targets=(coverage - 1e-6,))
        assert (row.question, row.amount, row.unit, row.k) == ("target", coverage - 1e-6, "coverage", k)
        assert row.cost == pytest.approx(k)
        assert row.coverage.estimate == pytest.approx(coverage)
        assert not row.is_forecast


@pytest.mark.parametrize(("target", "level"), [(0.5, 0.8), (0.6, 0.5)])
def test_the_interval_of_a_target_is_that_of_resampled_problems(target, level):
    (row,), _ = bought(buyer(level=level), targets=(target,))
    # Each replicate draws four of the problems; those that never reach the target count as infinitely many attempts.
    rates = np.array([[1, 1, 1, 1], [1 / 2, 5 / 6, 1, 1], [1 / 4, 1 / 2, 3 / 4, 1], [0, 0, 0, 0]])
    generator = np.random.default_rng(0)
    curves = rates[generator.integers(4, size=(20_000, 4))].mean(axis=1)
    first = np.where(curves[:, -1] >= target, np.argmax(curves >= target, axis=1) + 1, np.inf)
    low, high = np.quantile(first, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    assert (row.k, row.k_low, row.k_high) == (2 if target == 0.5 else 3, low, high if np.isfinite(high) else None)
    reached = np.isfinite(first).mean()
    assert row.reached == pytest.approx(reached, abs=4 * np.sqrt(reached * (1 - reached) / 400))


def test_a_target_beyond_the_attempts_comes_from_the_forecast_and_its_ends():
    (row,), caveats = bought(buyer(), targets=(0.8,))
    # The forecast is 0.75 + 0.01 for each further attempt, and its ends lie 0.02 above and below.
    assert row.is_forecast
    assert (row.k, row.k_high) == (9, 11)
    assert row.k_low == 1  # some replicates reach it with the first attempt
    assert (row.attempts, row.cost, row.coverage) == (9.0, pytest.approx(9.0), forecast(9))
    assert 0 < row.reached < 1
    assert caveats == []


def test_a_target_that_no_replicate_and_no_forecast_reaches_has_no_answer():
    alike = buyer(c=(1, 1, 1, 1), n=(4, 4, 4, 4), forecast=lambda k: Estimate(0.5, None, 0.9), furthest=50)
    assert bought(alike, targets=(1.0,))[0][0].k == 4
    unsolved = buyer(c=(0, 0, 0, 0), forecast=lambda k: Estimate(0.5, None, 0.9), furthest=50)
    (row,), _ = bought(unsolved, targets=(0.6,))
    assert (row.k, row.k_low, row.k_high, row.reached) == (None, 5, None, 0.0)
    assert (row.attempts, row.cost, row.is_forecast) == (None, None, True)


def test_a_forecast_never_answers_with_attempts_that_were_made():
    (row,), _ = bought(buyer(forecast=lambda k: Estimate(0.9, 0.9, 0.9)), targets=(0.8,))
    assert (row.k, row.k_high) == (5, 5)


@pytest.mark.parametrize(("dollars", "k"), [(1.0, 0), (1 / 0.3, 1), (1 / 0.1, 3), (1e6, 4)])
def test_a_value_per_problem_buys_attempts_while_they_gain_their_price(dollars, k):
    """By hand, the attempts add 0.4375, 0.1458, 0.1042 and 0.0625 to coverage."""
    (row,), _ = bought(buyer(), values=(Amount(dollars, "usd"),))
    assert (row.question, row.unit, row.k) == ("value", "usd", k)


@pytest.mark.parametrize("dollars", [1.0, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 1e3])
def test_with_stopping_a_value_buys_attempts_while_they_gain_what_is_then_paid(dollars):
    """By hand, a limit of k costs 1, 1 + 9/16, 1.5625 + 0.41667 and 1.97917 + 0.3125 attempts, for its coverage."""
    attempts = [0.0, 1.0, 1.5625, 1.5625 + 5 / 12, 1.5625 + 5 / 12 + 0.3125]
    net = dollars * np.array([0.0, *COVERAGE]) - np.array(attempts)
    (row,), _ = bought(buyer(), values=(Amount(dollars, "usd"),), policy="stop")
    assert row.k == np.argmax(net)
    assert row.cost == (pytest.approx(attempts[row.k]) if row.k else None)


def test_a_value_must_also_pay_for_the_prompt():
    """A prompt that costs two dollars, and answers a dollar each."""
    prompt = {"usd": Money(2e6, 1e6, 1.0, 1.0)}
    for policy in ("fixed", "stop"):
        small, large = (
            bought(buyer(costs=prompt), values=(Amount(dollars, "usd"),), policy=policy)[0][0].k
            for dollars in (1 / 0.3, 40.0)
        )
        assert (small, large) == (0, 4)


@pytest.mark.parametrize(("gain", "k"), [(0.5, 0), (0.4, 1), (0.1, 3), (0.01, 4)])
def test_a_least_gain_buys_attempts_while_they_add_it(gain, k):
    (row,), _ = bought(buyer(), marginals=(gain,))
    assert (row.question, row.amount, row.unit, row.k) == ("marginal", gain, "coverage", k)
    assert row.cost == (pytest.approx(k) if k else None)


def test_questions_are_answered_in_the_order_of_their_kinds():
    asked = {"marginals": (0.1,), "values": (Amount(3.0, "usd"),), "targets": (0.5,), "budgets": (Amount(1, "usd"),)}
    rows, _ = bought(buyer(), **asked)
    assert [row.question for row in rows] == ["budget", "target", "value", "marginal"]


def test_stopping_at_a_success_costs_the_expected_attempts():
    """One attempt at the first problem, and on average 5/3, 5/2 and 4 of up to four at the others, by hand."""
    mean = (1 + 5 / 3 + 5 / 2 + 4) / 4
    (row, less), _ = bought(buyer(), budgets=(Amount(mean + 1e-9, "usd"), Amount(mean - 1e-9, "usd")), policy="stop")
    assert (row.policy, row.k, less.k) == ("stop", 4, 3)
    assert row.attempts == pytest.approx(mean)
    assert row.cost == pytest.approx(mean)


def test_beyond_the_attempts_stopping_has_a_forecast_but_no_cost():
    (row,), _ = bought(buyer(), targets=(0.8,), policy="stop")
    assert (row.k, row.attempts, row.cost, row.coverage) == (9, None, None, forecast(9))


def test_a_log_that_stopped_at_successes_is_priced_by_its_product_limit():
    """Four problems solved at attempts 1, 1, 2 and 3: coverage is 1/2, 3/4 and 1."""
    stopped = buyer(n=(1, 1, 2, 3), c=(1, 1, 1, 1), batch=1)
    assert stopped.most == 3
    rows, _ = bought(stopped, budgets=(Amount(1.5, "usd"), Amount(1.75, "usd"), Amount(0.9, "usd")), policy="stop")
    # On average 1, 1 + 1/2 and 1 + 1/2 + 1/4 attempts of at most 1, 2 and 3.
    assert [row.k for row in rows] == [2, 3, 0]
    assert [row.attempts for row in rows[:2]] == pytest.approx([1.5, 1.75])
    (fixed,), _ = bought(stopped, budgets=(Amount(2.0, "usd"),))
    assert (fixed.k, fixed.attempts) == (2, 2.0)
    assert fixed.coverage.estimate == pytest.approx(0.75)


def test_the_first_price_given_is_that_of_targets_and_gains():
    compute = Compute(1e9, 0.0, 100.0)
    both = buyer(costs={"usd": DOLLAR, "flops": compute})
    (row,), _ = bought(both, targets=(0.5,))
    assert row.cost == pytest.approx(2.0)
    (row,), _ = bought(both, budgets=(Amount(3 * 2e11, "flops"),))
    assert (row.k, row.unit, row.cost) == (3, "flops", pytest.approx(6e11))
    (row,), _ = bought(buyer(costs={}), targets=(0.5,))
    assert (row.k, row.cost) == (2, None)


@pytest.mark.parametrize(("kv_dim", "codes"), [(2e7, []), (2.01e7, ["attention-heavy"])])
def test_attention_that_costs_more_than_the_layers_is_a_caveat(kv_dim, codes):
    # One answer of 100 tokens and no prompt: attention takes kv_dim * 100^2 FLOPs, and the layers 2e9 * 100.
    compute = Compute(1e9, 0.0, 100.0, kv_dim=kv_dim)
    assert compute.attention_share == pytest.approx(kv_dim / 2e7)
    assert bought(buyer(costs={"flops": compute}), marginals=(0.1,))[1] == codes


def test_costs_are_those_of_the_units_that_are_priced():
    compute = Compute(1e9, 0.0, 100.0)
    assert costs_of(None, None) == {}
    assert costs_of(DOLLAR, None) == {"usd": DOLLAR}
    assert list(costs_of(DOLLAR, compute)) == ["usd", "flops"]
    assert costs_of(None, compute) == {"flops": compute}


def test_a_target_of_many_attempts_is_looked_for_in_steps_of_two_percent():
    counts = make_counts(np.full(20, 1000), np.repeat([1, 2, 5, 20], 5))
    data = Sampled(counts, None, ProblemResampling(50))
    long = Buyer("long", data, tuple(map(str, range(20))), {"usd": DOLLAR}, 0.9, forecast, 2000)
    (row,), _ = bought(long, targets=(0.5,))
    assert data.coverage(np.array([row.k - 1, row.k])) == pytest.approx([0.5, 0.5], abs=0.01)
    assert data.coverage(np.array([row.k - 1]))[0] < 0.5
    assert row.k_low < row.k < row.k_high <= 1000


def test_every_number_of_attempts_up_to_four_hundred_is_tried_and_then_steps():
    for most in (1, 59, 400):
        assert _every_k(most).tolist() == list(range(1, most + 1))
    for most in (401, 5000):
        k = _every_k(most)
        assert (k[:60].tolist(), k[-1]) == (list(range(1, 61)), most)
        assert len(k) < 330
        assert (np.diff(k) <= 1 + 0.02 * k[1:]).all()
