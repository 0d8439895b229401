"""Groups that share a budget: the chance that each has the most coverage, and the best split between two."""

from __future__ import annotations

from math import comb

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.coverage.budget import Amount, Buyer
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.rivals import mixes, winners
from scaling_cli.coverage.budget import Money
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.errors import DataError
from scaling_cli.results.coverage import Purchase
from scaling_cli.results.fit import Estimate

RESAMPLING = ProblemResampling(2000, seed=1)


def buyer(name, c, n=4, problems=None, price=1.0, first=0.0, batch=None):
    """A group whose attempts cost `price` dollars each, and `first` more for the first."""
    counts = make_counts(np.full(len(c), n), np.array(c))
    costs = {"usd": Money(first * 1e6, price * 1e6, 1.0, 1.0)}
    names = tuple(problems or (f"p{place}" for place in range(len(c))))
    return Buyer(name, Sampled(counts, batch, RESAMPLING), names, costs, 0.9, lambda k: Estimate(None), 100)


def row(k, question="budget"):
    return Purchase(question, 4.0, "usd", "fixed", k, None, None, k, k, Estimate(0.5))


def chances(buyers, *ks):
    found = winners(
        buyers, {each.name: [row(k) for k in one] for each, one in zip(buyers, ks, strict=True)}, RESAMPLING
    )
    return [[made.best_probability for made in found[each.name]] for each in buyers]


def test_a_group_that_solves_more_of_each_problem_always_wins():
    assert chances([buyer("a", [4, 3, 2]), buyer("b", [3, 2, 1])], [1], [1]) == [[1.0], [0.0]]


def test_ties_are_split():
    assert chances([buyer(name, [4, 2, 0]) for name in "abc"], [1], [1], [1]) == [[pytest.approx(1 / 3)]] * 3


def test_the_chance_is_that_of_resampled_problems_that_both_groups_share():
    """One of three problems is for the first group, and one for the second: draws of three decide."""
    first, second = chances([buyer("a", [4, 0, 2]), buyer("b", [0, 4, 2])], [1], [1])
    draws = np.random.default_rng(0).integers(3, size=(50_000, 3))
    ahead = (draws == 0).sum(axis=1) - (draws == 1).sum(axis=1)
    truth = np.mean(ahead > 0) + np.mean(ahead == 0) / 2
    assert first[0] == pytest.approx(truth, abs=4 * np.sqrt(0.25 / 2000))
    assert first[0] + second[0] == pytest.approx(1.0)


def test_problems_are_matched_by_name_and_others_are_left_out():
    one = buyer("a", [4, 0, 4], problems=("x", "y", "only a"))
    other = buyer("b", [4, 3, 0], problems=("y", "x", "only b"))
    # The first group is ahead by 1/4 on x and behind by 1 on y: it leads where both draws are x.
    (chance,), _ = chances([one, other], [1], [1])
    assert chance == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 2000))


def test_no_attempt_solves_nothing_and_attempts_beyond_the_log_count_as_all():
    strong, weak = buyer("a", [4, 4]), buyer("b", [1, 1])
    assert chances([strong, weak], [0], [1]) == [[0.0], [1.0]]
    assert chances([strong, weak], [1], [4]) == [[0.5], [0.5]]  # with all four attempts, both solve each problem
    assert chances([strong, weak], [1], [400]) == [[0.5], [0.5]]


def test_only_budgets_have_winners_each_with_its_own_attempts():
    buyers = [buyer("a", [4, 2]), buyer("b", [3, 1])]
    rows = {each.name: [row(1), row(1, "target"), row(0)] for each in buyers}
    found = winners(buyers, rows, RESAMPLING)
    assert [made.best_probability for made in found["a"]] == [1.0, None, 0.5]
    assert [made.question for made in found["b"]] == ["budget", "target", "budget"]


@pytest.mark.parametrize(
    "buyers",
    [
        [buyer("a", [4, 2])],
        [buyer("a", [4, 2], problems=("x", "y")), buyer("b", [3, 1], problems=("y", "z"))],
        [buyer("a", [4, 2]), buyer("b", [1, 1], n=1, batch=1)],
    ],
    ids=["one group", "one shared problem", "a log that stopped at successes"],
)
def test_without_two_groups_and_two_problems_there_is_no_winner(buyers):
    assert all(made == [None] for made in chances(buyers, *([1] for _ in buyers)))


def test_two_shared_problems_are_enough():
    buyers = [buyer("a", [4, 2], problems=("x", "y")), buyer("b", [3, 1], problems=("y", "x"))]
    assert all(made[0] is not None for made in chances(buyers, [1], [1]))


def test_a_log_that_stopped_at_successes_keeps_its_rows_beside_two_others():
    stopped = buyer("s", [1, 1], n=1, batch=1)
    found = chances([buyer("a", [4, 2]), stopped, buyer("b", [3, 1])], [1], [1], [1])
    assert found == [[1.0], [None], [0.0]]


def test_groups_that_solve_other_problems_share_a_budget():
    first, second = buyer("a", [2, 0]), buyer("b", [0, 2])
    (mix,) = mixes(first, second, [Amount(4.0, "usd")])
    # With two of four attempts each, by hand: pass@2 of 2 in 4 is 5/6 for each problem.
    assert (mix.other, mix.budget, mix.unit, mix.k, mix.other_k) == ("b", 4.0, "usd", 2, 2)
    assert mix.coverage == pytest.approx(5 / 6)
    assert (mix.alone, mix.other_alone) == (pytest.approx(0.5), pytest.approx(0.5))


def test_a_group_that_is_no_help_gets_no_attempt():
    (mix,) = mixes(buyer("a", [2, 1]), buyer("b", [0, 0]), [Amount(3.0, "usd")])
    assert (mix.k, mix.other_k, mix.coverage) == (3, 0, mix.alone)
    (mix,) = mixes(buyer("a", [0, 0]), buyer("b", [2, 1]), [Amount(3.0, "usd")])
    assert (mix.k, mix.other_k, mix.coverage) == (0, 3, mix.other_alone)


def test_each_group_pays_its_own_price_and_its_first_attempt():
    # The first attempt of `a` costs 1 more, and those of `b` cost 2 each: 7 dollars buy 4 and 1, or 2 and 2.
    (mix,) = mixes(buyer("a", [2, 0], first=1.0), buyer("b", [0, 4], price=2.0), [Amount(7.0, "usd")])
    assert (mix.k, mix.other_k, mix.coverage) == (4, 1, 1.0)
    assert mix.alone == pytest.approx(0.5)
    assert mix.other_alone == pytest.approx(0.5)


def test_attempts_of_a_mix_are_those_of_the_log_at_most():
    (mix,) = mixes(buyer("a", [1, 0]), buyer("b", [0, 1]), [Amount(1000.0, "usd")])
    assert (mix.k, mix.other_k, mix.coverage) == (4, 4, 1.0)


def test_a_mix_uses_the_shared_problems_alone_and_refuses_without_any():
    first = buyer("a", [2, 4], problems=("x", "only a"))
    second = buyer("b", [0, 2], problems=("only b", "x"))
    (mix,) = mixes(first, second, [Amount(2.0, "usd")])
    assert mix.coverage == pytest.approx(5 / 6)
    with pytest.raises(DataError, match="a and c share no problem"):
        mixes(first, buyer("c", [1], problems=("z",)), [Amount(2.0, "usd")])


def test_rounding_loses_no_attempt_of_a_mix():
    """In floating point, three attempts at 0.1 cost more than 0.3."""
    (mix,) = mixes(buyer("a", [1, 2], price=0.1), buyer("b", [0, 0], price=0.1), [Amount(0.3, "usd")])
    assert (mix.k, mix.other_k) == (3, 0)


@pytest.mark.parametrize("names", ["ab", "abc", "a"])
def test_groups_of_a_log_are_rivals_from_two_on(names):
    rows = [
        {"model": name, "problem": problem, "n": 4, "c": (problem * 7 + place) % 5}
        for place, name in enumerate(names)
        for problem in range(9)
    ]
    asked = {"by": "model", "budget": ["8usd"], "price_out": 1e6, "tokens_out": 2.0, "fit": "none", "replicates": 200}
    found = [
        each.budgets[0].best_probability for each in scaling.inference_coverage(pl.DataFrame(rows), **asked).results
    ]
    assert sum(found) == pytest.approx(1.0) if len(names) > 1 else found == [None]


@pytest.mark.parametrize("seed", range(6))
def test_the_best_mix_is_the_best_of_all_that_the_budget_pays_for(seed):
    """By trying all: an attempt at each problem fails as often as so many drawn attempts all fail."""
    rng = np.random.default_rng(seed)
    n, problems = 6, 5
    c = rng.integers(0, 3, (2, problems))
    price, first, budget = rng.integers(1, 4, 2), rng.integers(0, 3, 2), float(rng.integers(3, 16))
    sides = [
        buyer(name, c[i], n, price=float(price[i]), first=float(first[i])) for i, name in enumerate("ab")
    ]  # fmt: skip
    (mix,) = mixes(*sides, [Amount(budget, "usd")])

    def fails(i, k):
        return np.array([comb(n - solved, k) / comb(n, k) for solved in c[i].tolist()])

    def cost(i, k):
        return 0.0 if k == 0 else float(first[i] + price[i] * k)

    found = {
        (k, other): 1 - np.mean(fails(0, k) * fails(1, other))
        for k in range(n + 1)
        for other in range(n + 1)
        if cost(0, k) + cost(1, other) <= budget
    }
    assert mix.coverage == pytest.approx(max(found.values()))
    assert found[mix.k, mix.other_k] == pytest.approx(mix.coverage)
    assert mix.alone == pytest.approx(max(value for (_, other), value in found.items() if other == 0))
    assert mix.other_alone == pytest.approx(max(value for (k, _), value in found.items() if k == 0))
