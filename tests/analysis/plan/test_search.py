"""The search for runs: its formulas against plain linear algebra, and its designs against others."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scaling_cli.analysis.plan.designs import DesignQuestion, design
from scaling_cli.analysis.plan.search import Limits, exchanged, select
from scaling_cli.analysis.plan.square_error import Model, criterion
from scaling_cli.record import replace


def model(seed=0, draws=3, candidates=12, k=3, goals=2):
    rng = np.random.default_rng(seed)
    return Model(
        rng.standard_normal((draws, candidates, k)), np.tile(0.1 * np.eye(k), (draws, 1, 1)),
        rng.standard_normal((draws, goals, k)),
    )  # fmt: skip


def test_the_variance_is_that_of_plain_linear_algebra():
    one = model()
    chosen = np.array([0, 3, 3, 7])
    for r in range(3):
        rows = one.jacobian[r, chosen]
        inverse = np.linalg.inv(one.known[r] + rows.T @ rows)
        wanted = [g @ inverse @ g for g in one.goals[r]]
        assert one.variances(chosen)[r] == pytest.approx(wanted, rel=1e-6)  # the ridge is 1e-9 of the information


def test_a_small_design_is_the_best_of_all_designs():
    one = model(candidates=6, draws=2)
    limits = Limits(np.ones(6), 3.0, 3)
    weights = np.ones(2)
    chosen = select([one], limits, weights)
    best = min(
        criterion([one], np.array(each), weights) for each in itertools.combinations_with_replacement(range(6), 3)
    )
    assert criterion([one], chosen, weights) == pytest.approx(best, abs=1e-9)


def test_costs_and_the_number_of_runs_stay_within_the_limits():
    one = model(candidates=40)
    cost = np.geomspace(1, 50, 40)
    chosen = select([one], Limits(cost, 60.0, 9), np.ones(2))
    assert len(chosen) <= 9
    assert cost[chosen].sum() <= 60.0 * (1 + 1e-9)


def test_nothing_is_chosen_where_nothing_is_affordable():
    assert len(select([model()], Limits(np.full(12, 5.0), 4.0, 3), np.ones(2))) == 0


def test_nothing_is_exchanged_where_nothing_is_chosen():
    nothing = np.array([], dtype=int)
    assert exchanged([model()], Limits(np.ones(12), 3.0, 3), np.ones(2), nothing) is nothing


def test_an_exchange_never_makes_a_design_worse():
    one, cost = model(seed=4, candidates=30), np.geomspace(1, 20, 30)
    weights = np.ones(2)
    start = np.array([0, 1, 2, 3, 4, 5])
    better = exchanged([one], Limits(cost, float(cost[start].sum()) + 10, 6), weights, start)
    assert criterion([one], better, weights) <= criterion([one], start, weights)


def test_a_goal_with_all_the_weight_decides():
    one = model(seed=2, candidates=30)
    limits = Limits(np.ones(30), 8.0, 8)
    first, second = (select([one], limits, np.array(weights)) for weights in ([1.0, 1e-6], [1e-6, 1.0]))
    assert one.variances(first).mean(axis=0)[0] < one.variances(second).mean(axis=0)[0]
    assert one.variances(second).mean(axis=0)[1] < one.variances(first).mean(axis=0)[1]


@pytest.mark.parametrize("runs", [20, 100, 10_000])
def test_a_share_tests_the_law_even_if_the_budget_pays_for_fewer_runs_than_are_allowed(runs):
    one, cost = model(seed=4, candidates=30), np.geomspace(1, 20, 30)
    bent = np.random.default_rng(1).standard_normal((30, 2))
    chosen = design(DesignQuestion([one], bent, np.full(30, 0.01), np.ones(2), 0.15), Limits(cost, 60.0, runs))
    assert len(chosen.main) > len(chosen.tests) >= 3
    assert cost[chosen.all].sum() <= 60.0 * (1 + 1e-9)


@pytest.mark.thorough
def test_two_middling_runs_become_a_large_and_a_small_one():
    # Costs differ, and each candidate can be run once, so single exchanges within the budget are not enough.
    gaps = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        model = Model(
            rng.standard_normal((2, 12, 3)), np.tile(1e-3 * np.eye(3), (2, 1, 1)), rng.standard_normal((2, 1, 3))
        )
        limits, weights = Limits(np.exp(rng.uniform(0, 3, 12)), 30.0, 5, once=True), np.ones(1)
        designs = (np.array(design) for count in range(1, 6) for design in itertools.combinations(range(12), count))
        best = min(criterion([model], each, weights) for each in designs if limits.cost[each].sum() <= limits.budget)
        gaps.append(criterion([model], select([model], limits, weights), weights) - best)
    assert np.max(gaps) < 1e-9


def test_a_candidate_that_exists_once_is_chosen_once():
    one = model(candidates=8)
    limits = Limits(np.ones(8), 8.0, 6, once=True)
    assert limits.free([1, 4]).tolist() == [True, False, True, True, False, True, True, True]
    chosen = select([one], limits, np.ones(2))
    assert len(set(chosen.tolist())) == len(chosen) == 6
    best = min(criterion([one], np.array(each), np.ones(2)) for each in itertools.combinations(range(8), 6))
    assert criterion([one], chosen, np.ones(2)) == pytest.approx(best, abs=0.05)
    assert Limits(np.ones(8), 8.0, 6).free([1]).all()


def test_laws_count_by_their_weight_and_goals_by_theirs():
    first, second = model(), replace(model(seed=1), weight=3.0)
    chosen, weights = np.array([0, 3, 3, 7]), np.array([1.0, 4.0])
    logs = [np.log(each.variances(chosen)).mean(axis=0) for each in (first, second)]
    wanted = 0.25 * (logs[0] @ weights) / 5 + 0.75 * (logs[1] @ weights) / 5
    assert criterion([first, second], chosen, weights) == pytest.approx(wanted)


def test_the_first_three_draws_stand_for_all_while_starts_are_sought():
    few = model(draws=5).few()
    assert few.jacobian.shape == (3, 12, 3)
    assert few.goals == pytest.approx(model(draws=5).goals[:3])


def test_a_run_of_little_cost_for_its_information_is_run_first():
    """One coordinate: a run tells the square of its gradient, so the best has most of it for the least cost."""
    slopes, cost = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 10.0])
    one = Model(slopes[None, :, None], np.full((1, 1, 1), 1e-6), np.ones((1, 1, 1)))
    chosen = select([one], Limits(cost, 12.0, 4), np.ones(1))
    assert chosen.tolist() == [1, 1, 1, 1]  # tells 16; one of the third and two of the first tell 11


def test_at_a_price_each_run_pays_for_what_it_tells():
    slopes, cost = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 40.0])
    one = Model(slopes[None, :, None], np.full((1, 1, 1), 1e-6), np.ones((1, 1, 1)))
    start = np.array([0, 0])
    for price in (0.0, 0.05, 1.0):
        values = {pair: -np.log((slopes[list(pair)] ** 2).sum()) + price * cost[list(pair)].sum()
                  for pair in itertools.combinations_with_replacement(range(3), 2)}  # fmt: skip
        found = exchanged([one], Limits(cost, 1.0, 2), np.ones(1), start, price)
        assert tuple(sorted(found.tolist())) == min(values, key=values.get)
    assert start.tolist() == [0, 0]  # the design that was given is left as it was


def test_the_ridge_is_a_billionth_of_what_all_runs_and_what_is_known_tell():
    one = replace(model(), known=np.tile(np.diag([1e3, 1.0, 1e-3]), (3, 1, 1)))
    wanted = one.known.copy()
    for r in range(3):
        wanted[r] += 1e-9 * np.diag((one.jacobian[r] ** 2).sum(axis=0) + np.diag(one.known[r]))
    assert one.base - one.known == pytest.approx(wanted - one.known, rel=1e-3, abs=1e-12)
