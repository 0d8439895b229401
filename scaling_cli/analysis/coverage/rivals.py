"""Several groups on one budget: which has the most coverage, and how to split the budget between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.coverage.budget import Amount, Buyer
from scaling_cli.coverage.budget import affordable, enough, mixture
from scaling_cli.coverage.counts import Array, Counts, Indices, ProblemResampling, make_counts, problem_weights
from scaling_cli.coverage.estimate import solve_rates
from scaling_cli.errors import DataError
from scaling_cli.record import replace
from scaling_cli.results.coverage import Mix, Purchase

MIX_POINTS = 2000  # splits of a budget that are tried


def winners(
    buyers: Sequence[Buyer], rows: Mapping[str, Sequence[Purchase]], resampling: ProblemResampling
) -> dict[str, list[Purchase]]:
    """The rows with the chance that each group has the highest coverage on a budget, over problems all groups share.

    Each replicate draws one set of problems for all groups, so noise that they share cancels. A group whose budget buys
    more attempts than were made is taken at its last attempt.
    """
    by_group = {name: list(purchases) for name, purchases in rows.items()}
    usable = [buyer for buyer in buyers if buyer.data.batch is None]
    if len(usable) < 2:
        return by_group
    shared = _shared(buyers)
    if len(shared[usable[0].name]) < 2:
        return by_group
    places = [i for i, row in enumerate(by_group[buyers[0].name]) if row.question == "budget"]
    for place in places:
        rates = np.stack([_rates(buyer, shared[buyer.name], by_group[buyer.name][place].k or 0) for buyer in usable])
        chances = _chances_of_winning(rates, resampling)
        for buyer, chance in zip(usable, chances.tolist(), strict=True):
            by_group[buyer.name][place] = replace(by_group[buyer.name][place], best_probability=chance)
    return by_group


def _rates(buyer: Buyer, problems: Indices, k: int) -> Array:
    if k == 0:
        return np.zeros(len(problems))
    counts = buyer.data.counts
    return np.asarray(solve_rates(counts, np.array([min(k, buyer.most)]))[counts.pair[problems], 0])


def _chances_of_winning(rates: Array, resampling: ProblemResampling) -> Array:
    """Share of replicates in which each row of `rates` `(groups, problems)` has the highest mean; ties are split."""
    problems = rates.shape[1]
    units = make_counts(np.arange(1, problems + 1), np.zeros(problems, dtype=np.int64))
    wins, total = np.zeros(len(rates)), 0
    for weights in problem_weights(units, resampling):
        means = weights @ rates.T
        best = means >= means.max(axis=1, keepdims=True) - 1e-12
        wins += (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
        total += len(weights)
    return wins / total


def _shared(buyers: Sequence[Buyer]) -> dict[str, Indices]:
    """For each group, the indices of the problems that all groups have, in one order."""
    common = sorted(set.intersection(*(set(buyer.problems) for buyer in buyers)))
    places = {}
    for buyer in buyers:
        place = {name: i for i, name in enumerate(buyer.problems)}
        places[buyer.name] = np.array([place[name] for name in common], dtype=np.int64)
    return places


def mixes(first: Buyer, second: Buyer, budgets: Sequence[Amount]) -> list[Mix]:
    """The best split of each budget between two groups, over the problems both have."""
    shared = _shared([first, second])
    if not len(shared[first.name]):
        raise DataError(
            f"{first.name} and {second.name} share no problem, so their attempts cannot be mixed.",
            hint="Mix groups with shared problems; check that both name problems in the same way.",
        )
    first_counts, second_counts = (_picked(buyer.data.counts, shared[buyer.name]) for buyer in (first, second))
    rows = []
    for budget in budgets:
        costs = [buyer.costs[budget.unit] for buyer in (first, second)]
        most = [
            min(affordable(cost, budget.amount), buyer.most) for cost, buyer in zip(costs, (first, second), strict=True)
        ]
        k_second = np.unique(np.linspace(0, most[1], MIX_POINTS).astype(np.int64))
        left = enough(budget.amount) - np.where(k_second > 0, costs[1].cost(k_second.astype(float)), 0.0)
        start = float(costs[0].cost(np.array(0.0)))
        k_first = np.clip((left - start) / costs[0].attempt, 0, first.most).astype(np.int64)
        coverage = mixture(first_counts, second_counts, k_first, k_second)
        alone = mixture(first_counts, second_counts, np.array([most[0], 0]), np.array([0, most[1]]))
        best = int(np.argmax(coverage))
        rows.append(
            Mix(
                other=second.name, budget=budget.amount, unit=budget.unit, k=int(k_first[best]),
                other_k=int(k_second[best]), coverage=float(coverage[best]), alone=float(alone[0]),
                other_alone=float(alone[1]),
            )
        )  # fmt: skip
    return rows


def _picked(counts: Counts, places: Indices) -> Counts:
    return make_counts(counts.n[places], counts.c[places])
