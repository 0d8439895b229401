"""Costs, mixes and searches of attempts, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.coverage.budget import (
    MOST_ATTEMPTS,
    Compute,
    Money,
    affordable,
    affordable_stopping,
    mixture,
    smallest_k,
    worthwhile,
)
from scaling_cli.coverage.counts import make_counts

DOLLAR = Money(0.0, 1e6, 0.0, 1.0)


def test_money_adds_the_prompt_the_answers_and_the_verdicts():
    cost = Money(price_in=3, price_out=15, tokens_in=2e5, tokens_out=1e5, cache_read=0.1, cache_write=1.25, verdict=0.2)
    first, further = 3 * 0.2 * 1.25 + 15 * 0.1 + 0.2, 3 * 0.2 * 0.1 + 15 * 0.1 + 0.2
    assert cost.attempt == pytest.approx(further)
    assert cost.cost(np.array([1.0, 4.0])) == pytest.approx([first, first + 3 * further])


def test_the_share_of_attention_is_over_the_layers():
    cost = Compute(1e6, tokens_in=30, tokens_out=10, kv_dim=500, intensity=3, queries=2)
    attention = 2 * 2 * 30 * 500 * 10 + 2 * 500 * 10**2 + 3 * 500 * 10**2
    assert cost.attention_share == pytest.approx(attention / (2 * 1e6 * 10))
    assert cost.attempt == pytest.approx(2 * 1e6 * 10 + attention)


@pytest.mark.parametrize(("budget", "k"), [(0.0, 0), (0.99, 0), (1.0, 1), (1.99, 1), (2.0, 2), (1e3, 1000)])
def test_a_budget_affords_whole_attempts(budget, k):
    assert affordable(DOLLAR, budget) == k


def test_a_prompt_is_paid_before_the_first_attempt():
    cost = Money(1e6, 1e6, 2.0, 1.0)  # two dollars for the prompt and one for each answer
    assert [affordable(cost, budget) for budget in (1.0, 2.9, 3.0, 5.0)] == [0, 0, 1, 3]


def test_rounding_loses_no_attempt():
    tenth = Money(0.0, 1e5, 0.0, 1.0)
    assert [affordable(tenth, k / 10) for k in range(1, 40)] == list(range(1, 40))
    assert [affordable(tenth, k / 10 - 1e-9) for k in range(1, 40)] == list(range(39))
    never = make_counts(np.array([40]), np.array([0]))
    assert [affordable_stopping(never, tenth, k / 10) for k in range(1, 40)] == list(range(1, 40))


def test_free_attempts_are_bounded():
    free = Money(0.0, 0.0, 0.0, 1.0)
    assert affordable(free, 1.0) == MOST_ATTEMPTS
    assert affordable(DOLLAR, 1e30) == MOST_ATTEMPTS


def test_stopping_affords_more_up_to_the_shortest_problem():
    """Problems solved by half and by none of 4 attempts cost 5/3 and 4 attempts on average if four are allowed."""
    counts = make_counts(np.array([4, 4]), np.array([2, 0]))
    mean = (5 / 3 + 4) / 2
    assert affordable_stopping(counts, DOLLAR, mean + 1e-9) == 4
    assert affordable_stopping(counts, DOLLAR, mean - 1e-9) == 3
    assert affordable_stopping(counts, DOLLAR, 99.0) == 4
    assert affordable_stopping(counts, DOLLAR, 0.5) == 0


@pytest.mark.parametrize(("target", "k"), [(0.0, 1), (0.1, 1), (0.11, 2), (0.7, 7), (1.0, 10), (1.01, None)])
def test_the_fewest_attempts_reach_a_target(target, k):
    assert smallest_k(lambda each: each / 10, target, 10) == k


@pytest.mark.parametrize(("least", "k"), [(2.0, 0), (1.0, 1), (0.5, 2), (0.1, 10), (0.01, 20)])
def test_attempts_are_worthwhile_while_the_next_adds_enough(least, k):
    """Attempt j + 1 adds 1 / (j + 1)."""
    assert worthwhile(lambda j: 1 / (j + 1), least, 20) == k


def test_a_mix_fails_where_both_models_fail():
    """Of four attempts, the models solve a first problem with 2 and 1, and a second with 0 and 4."""
    first, second = make_counts(np.array([4, 4]), np.array([2, 0])), make_counts(np.array([4, 4]), np.array([1, 4]))
    found = mixture(first, second, np.array([2, 0, 2, 0]), np.array([0, 2, 2, 0]))
    # By hand, both attempts of the first model fail with chance 1/6, and of the second with 1/2.
    assert found == pytest.approx([5 / 6 / 2, (1 / 2 + 1) / 2, (1 - 1 / 12 + 1) / 2, 0.0])
