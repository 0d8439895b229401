import numpy as np
import pytest

from scaling_cli.coverage.budget import (
    Compute,
    Money,
    affordable,
    affordable_stopping,
    exchange,
    mixture,
    smallest_k,
    worthwhile,
)
from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.estimate import expected_attempts, mean, solve_rates

PARAMS = {"70M": 70e6, "160M": 160e6, "410M": 410e6, "1B": 1e9, "2.8B": 2.8e9, "6.9B": 6.9e9, "12B": 12e9}


def compute(model):
    return Compute(PARAMS[model], tokens_in=0, tokens_out=256)


def coverage_at(counts, k):
    return float(mean(counts, solve_rates(counts, np.array([k])))[0])


def bought(pythia, model, budget):
    k = affordable(compute(model), budget)
    return k, coverage_at(pythia[model], min(k, 10_000))


@pytest.mark.parametrize(
    ("model", "budget", "k", "coverage"),
    [
        ("2.8B", 1e15, 697, 0.6466),
        ("410M", 1e15, 4763, 0.6070),
        ("1B", 1e15, 1953, 0.6060),
        ("12B", 1e15, 162, 0.5512),
        ("160M", 1e14, 1220, 0.4275),
        ("2.8B", 1e16, 6975, 0.7999),
    ],
)
def test_what_a_budget_buys_is_as_measured(pythia, model, budget, k, coverage):
    assert bought(pythia, model, budget) == (k, pytest.approx(coverage, abs=5e-5))


@pytest.mark.parametrize(("budget", "winner"), [(1e14, "160M"), (1e15, "2.8B"), (1e16, "2.8B")])
def test_the_best_model_changes_with_the_budget(pythia, budget, winner):
    assert max(PARAMS, key=lambda model: bought(pythia, model, budget)[1]) == winner


@pytest.mark.parametrize(("model", "k", "cost"), [("2.8B", 1319, 1.89e15), ("12B", 746, 4.58e15)])
def test_attempts_for_a_target_are_as_measured(pythia, model, k, cost):
    found = smallest_k(lambda each: coverage_at(pythia[model], each), 0.7, 10_000)
    assert found == k
    assert compute(model).cost(np.array(k)) == pytest.approx(cost, rel=2e-3)


def test_a_target_out_of_reach_is_not_reached(pythia):
    assert smallest_k(lambda each: coverage_at(pythia["70M"], each), 0.7, 10_000) is None


def test_stopping_at_a_success_buys_more(pythia):
    assert expected_attempts(pythia["2.8B"], [697])[0] == pytest.approx(323.4, abs=0.05)
    k = affordable_stopping(pythia["2.8B"], compute("2.8B"), float(compute("2.8B").cost(np.array(697.0))))
    assert k == pytest.approx(1900, rel=0.03)
    assert coverage_at(pythia["2.8B"], 2000) == pytest.approx(0.7307, abs=5e-5)


def test_a_mix_of_two_models_beats_each_at_the_same_budget(pythia):
    one, two, budget = compute("160M"), compute("2.8B"), 1e15
    k_two = np.arange(0, 697)
    k_one = ((budget - two.cost(k_two)) / one.attempt).astype(int).clip(0, 10_000)
    found = mixture(pythia["160M"], pythia["2.8B"], k_one, k_two)
    assert found.max() == pytest.approx(0.6691, abs=5e-5)
    assert k_two[found.argmax()] == pytest.approx(575, abs=5)


def test_a_mix_with_nothing_of_one_is_the_other(pythia):
    found = mixture(pythia["160M"], pythia["2.8B"], np.array([0, 100]), np.array([100, 0]))
    assert found == pytest.approx([coverage_at(pythia["2.8B"], 100), coverage_at(pythia["160M"], 100)], rel=1e-12)


def test_the_prompt_is_paid_once_or_at_the_price_of_a_cache():
    shared = Money(price_in=3, price_out=15, tokens_in=1e6, tokens_out=0)
    assert shared.cost([1, 10]) == pytest.approx([3, 3])
    uncached = Money(price_in=3, price_out=15, tokens_in=1e6, tokens_out=0, cache_read=1)
    assert uncached.cost([1, 10]) == pytest.approx([3, 30])
    cached = Money(price_in=3, price_out=15, tokens_in=1e6, tokens_out=0, cache_read=0.1, cache_write=1.25)
    assert cached.cost([1, 11]) == pytest.approx([3.75, 3.75 + 3])


def test_five_attempts_at_three_hundred_problems_add_up():
    assert 300 * Money(0, 0.0072, 0, 1e6).cost(5) == pytest.approx(10.80)


def test_attention_and_memory_add_to_compute():
    plain, full = Compute(1e9, 1000, 1000), Compute(1e9, 1000, 1000, kv_dim=1e5, intensity=100, queries=4)
    k, L, D, r, intensity = 7, 1000, 1e5, 4, 100
    published = 2 * k * 1e9 * L + 2 * r * k * L * D * L + r * k * D * L**2
    published += 2 * intensity * L * D * L + intensity * k * D * L**2
    prompt = 2 * 1e9 * L  # the prompt's own forward pass, once
    assert full.cost(k) == pytest.approx(prompt + published)
    assert plain.cost(k) == pytest.approx(prompt + 2 * k * 1e9 * L)
    assert plain.attention_share == 0
    assert full.attention_share > 1


def test_a_value_a_problem_buys_attempts_until_one_more_gains_too_little(pythia):
    def gain(k):
        return coverage_at(pythia["12B"], k + 1) - coverage_at(pythia["12B"], k)

    k = worthwhile(gain, 1e-3, 9_999)
    assert gain(k - 1) >= 1e-3 > gain(k)


def test_expected_attempts_are_ruled_by_problems_never_solved():
    # An unsolved problem pays for every attempt, so the mean grows with k without end.
    counts = make_counts(np.full(10, 1000), np.array([0] + [500] * 9))
    assert expected_attempts(counts, [10, 1000]) == pytest.approx([2.8, 101.8], abs=0.1)


@pytest.mark.parametrize(("ratio", "x"), [(0.16, 257.75), (0.79, 63.367), (22, 15.773)])
def test_a_smaller_model_affords_more_attempts_the_less_it_is_used(ratio, x):
    assert exchange(14, ratio) == pytest.approx(x, abs=5e-4)
