"""Budgets: what attempts to buy, of which group, for a budget, a target, a value a problem, or a least gain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from scaling_cli.analysis.coverage_curve import Sampled
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.bootstrap import draw_curves
from scaling_cli.coverage.budget import (
    Compute,
    Cost,
    Money,
    affordable,
    affordable_stopping,
    exchange,
    mixture,
    smallest_k,
    worthwhile,
)
from scaling_cli.coverage.counts import Array, Counts, Indices, Resampling, make_counts, problem_weights
from scaling_cli.coverage.estimate import expected_attempts, solve_rates
from scaling_cli.coverage.result import Exchange, Mix, Purchase
from scaling_cli.errors import DataError
from scaling_cli.fitting.result import Estimate
from scaling_cli.record import record

FIXED, STOP = "fixed", "stop"
MIX_POINTS = 2000  # splits of a budget that are tried
HEAVY_ATTENTION = 1.0


@record
class Amount:
    """A budget or a value a problem, in `usd` or `flops`."""

    amount: float
    unit: str


@record
class Questions:
    """What is asked; several of each may be."""

    budgets: tuple[Amount, ...] = ()
    targets: tuple[float, ...] = ()
    values: tuple[Amount, ...] = ()
    marginals: tuple[float, ...] = ()
    policy: str = FIXED


@record
class Buyer:
    """One group that attempts are bought of: its counts, problems by name, and what attempts cost, by unit."""

    name: str
    data: Sampled
    problems: tuple[str, ...]
    costs: dict[str, Cost]
    level: float
    forecast: Callable[[int], Estimate]
    furthest: int

    @property
    def most(self) -> int:
        """The most attempts whose coverage is known."""
        return self.data.longest

    def gain(self, k: int) -> float:
        """What attempt k + 1 adds to coverage."""
        if k == 0:
            return float(self.data.coverage(np.array([1]))[0])
        before, after = self.data.coverage(np.array([k, k + 1]))
        return float(after - before)


def answers(buyer: Buyer, questions: Questions, group: dict[str, str] | None) -> tuple[list[Purchase], list[Caveat]]:
    """The answer of one group to every question."""
    rows: list[Purchase] = []
    found: list[Caveat] = []
    for budget in questions.budgets:
        row = _for_budget(buyer, budget, questions.policy)
        rows.append(row)
        if row.is_forecast:
            what = f"A budget of {budget.amount:g} {budget.unit}"
            found.append(caveat("beyond-attempts", group, what=what, k=f"{buyer.most:,}"))
    rows += [_for_target(buyer, target, questions) for target in questions.targets]
    rows += [_for_value(buyer, value, questions.policy) for value in questions.values]
    rows += [_for_gain(buyer, gain, questions.policy) for gain in questions.marginals]
    compute = buyer.costs.get(Compute.unit)
    if isinstance(compute, Compute) and compute.attention_share > HEAVY_ATTENTION:
        found.append(caveat("attention-heavy", group, share=compute.attention_share))
    return rows, found


def _for_budget(buyer: Buyer, budget: Amount, policy: str) -> Purchase:
    cost = buyer.costs[budget.unit]
    k = _affordable_stopping(buyer, cost, budget.amount) if policy == STOP else affordable(cost, budget.amount)
    return _purchase(buyer, "budget", budget, policy, k)


def _for_target(buyer: Buyer, target: float, questions: Questions) -> Purchase:
    """The fewest attempts that reach a target, with the interval of that number over replicates.

    Where the attempts made do not reach it, both come from the forecast, as far as there is one.
    """
    grid = _every_k(buyer.most)
    curve = buyer.data.coverage(grid)
    k = smallest_k(lambda each: float(buyer.data.coverage(np.array([each]))[0]), target, buyer.most)
    draws = draw_curves(buyer.data.counts, grid, buyer.data.resampling, buyer.data.batch).coverage
    reached = draws[:, -1] >= target if not np.isnan(curve[-1]) else np.zeros(len(draws), dtype=bool)
    first = np.where(reached, grid[np.argmax(draws >= target, axis=1)], np.inf)
    low, high = np.quantile(first, [(1 - buyer.level) / 2, (1 + buyer.level) / 2], method="inverted_cdf")
    unit, asked = next(iter(buyer.costs), ""), Amount(target, "coverage")
    if k is None:
        ends = [_forecast_k(buyer, target, part) for part in ("estimate", "high", "low")]
        row = _purchase(buyer, "target", asked, questions.policy, ends[0], unit)
        first_low = _whole(low) if np.isfinite(low) else ends[1]
        return replace(row, k_low=first_low, k_high=ends[2], is_forecast=True, reached=float(reached.mean()))
    row = _purchase(buyer, "target", asked, questions.policy, k, unit)
    return replace(row, k_low=_whole(low), k_high=_whole(high), reached=float(reached.mean()))


def _forecast_k(buyer: Buyer, target: float, part: str) -> int | None:
    """Where the forecast, or an end of its interval, reaches a target."""

    def reaches(k: int) -> float:
        value: float | None = getattr(buyer.forecast(k), part)
        return 0.0 if value is None else value

    found = smallest_k(reaches, target, buyer.furthest)
    return None if found is None else max(found, buyer.most + 1)


def _every_k(most: int) -> Indices:
    """All k up to a few hundred, then 2 % apart: an interval of k needs no more."""
    if most <= 400:
        return np.arange(1, most + 1)
    return np.unique(np.append(np.arange(1, 60), np.geomspace(60, most, 260).astype(np.int64)))


def _whole(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None


def _for_value(buyer: Buyer, value: Amount, policy: str) -> Purchase:
    least = buyer.costs[value.unit].attempt / value.amount
    return _purchase(buyer, "value", value, policy, worthwhile(buyer.gain, least, buyer.most))


def _for_gain(buyer: Buyer, gain: float, policy: str) -> Purchase:
    k = worthwhile(buyer.gain, gain, buyer.most)
    return _purchase(buyer, "marginal", Amount(gain, "coverage"), policy, k, next(iter(buyer.costs), ""))


def _purchase(
    buyer: Buyer, question: str, asked: Amount, policy: str, k: int | None, unit: str | None = None
) -> Purchase:
    """What k attempts cost and reach: beyond the attempts made by the forecast, and at k = 0 nothing."""
    cost = buyer.costs.get(asked.unit if unit is None else unit)
    coverage, attempts = Estimate(None), None
    if k is not None and 0 < k <= buyer.most:
        attempts = _attempts(buyer, k, policy)
        middle = float(buyer.data.coverage(np.array([k]))[0])
        draws = draw_curves(buyer.data.counts, np.array([k]), buyer.data.resampling, buyer.data.batch).coverage
        low, high = np.nanquantile(draws[:, 0], [(1 - buyer.level) / 2, (1 + buyer.level) / 2])
        coverage = Estimate(middle, float(low), float(high))
    elif k == 0:
        coverage = Estimate(0.0, 0.0, 0.0)
    paid = None if cost is None or attempts is None else float(cost.cost(np.array(attempts)))
    is_forecast = k is not None and k > buyer.most
    if k is not None and is_forecast:
        coverage = buyer.forecast(k)
        if cost is not None and policy == FIXED:
            attempts, paid = float(k), float(cost.cost(np.array(float(k))))
    return Purchase(question, asked.amount, asked.unit, policy, k, None, None, attempts, paid, coverage, is_forecast)


def _attempts(buyer: Buyer, k: int, policy: str) -> float:
    if policy != STOP:
        return float(k)
    if buyer.data.batch is None:
        return float(expected_attempts(buyer.data.counts, np.array([k]))[0])
    return float(_going_on(buyer)[k - 1])


def _going_on(buyer: Buyer) -> Array:
    """Mean attempts under stopping at each cap from 1 to the most, where the log itself stopped at successes."""
    unsolved = 1 - buyer.data.coverage(np.arange(1, buyer.most))
    return np.asarray(np.cumsum(np.concatenate([[1.0], unsolved])))


def _affordable_stopping(buyer: Buyer, cost: Cost, budget: float) -> int:
    if buyer.data.batch is None:
        return affordable_stopping(buyer.data.counts, cost, budget)
    return int(np.searchsorted(cost.cost(_going_on(buyer)), budget, side="right"))


def winners(
    buyers: Sequence[Buyer], rows: Mapping[str, Sequence[Purchase]], resampling: Resampling
) -> dict[str, list[Purchase]]:
    """The rows with the chance that each group has the most coverage for a budget, over problems all groups share.

    Replicates draw the same problems of every group, so what they have in common cancels. A group whose attempts end
    before its budget does is judged at its last attempt.
    """
    found = {name: list(each) for name, each in rows.items()}
    shared = _shared(buyers)
    usable = [buyer for buyer in buyers if buyer.data.batch is None]
    if len(usable) < 2 or len(next(iter(shared.values()))) < 2:
        return found
    places = [i for i, row in enumerate(found[buyers[0].name]) if row.question == "budget"]
    for place in places:
        rates = np.stack([_rates(each, shared[each.name], found[each.name][place].k or 0) for each in usable])
        chances = _chances_of_winning(rates, resampling)
        for buyer, chance in zip(usable, chances.tolist(), strict=True):
            found[buyer.name][place] = replace(found[buyer.name][place], best_probability=chance)
    return found


def _rates(buyer: Buyer, problems: Indices, k: int) -> Array:
    if k == 0:
        return np.zeros(len(problems))
    counts = buyer.data.counts
    return np.asarray(solve_rates(counts, np.array([min(k, buyer.most)]))[counts.pair[problems], 0])


def _chances_of_winning(rates: Array, resampling: Resampling) -> Array:
    """How often each row of `rates` `(groups, problems)` has the highest mean; ties are split."""
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
    """The places of the problems that every group has, in one order."""
    common = sorted(set.intersection(*(set(buyer.problems) for buyer in buyers)))
    found = {}
    for buyer in buyers:
        place = {name: i for i, name in enumerate(buyer.problems)}
        found[buyer.name] = np.array([place[name] for name in common], dtype=np.int64)
    return found


def mixes(first: Buyer, second: Buyer, budgets: Sequence[Amount]) -> list[Mix]:
    """The best split of each budget between two groups, over the problems both have."""
    shared = _shared([first, second])
    if not len(shared[first.name]):
        raise DataError(
            f"{first.name} and {second.name} share no problem.",
            hint="Mix groups on the same problems; check how problems are named.",
        )
    one, two = (_picked(buyer.data.counts, shared[buyer.name]) for buyer in (first, second))
    rows = []
    for budget in budgets:
        costs = [buyer.costs[budget.unit] for buyer in (first, second)]
        most = [
            min(affordable(cost, budget.amount), buyer.most) for cost, buyer in zip(costs, (first, second), strict=True)
        ]
        k_second = np.unique(np.linspace(0, most[1], MIX_POINTS).astype(np.int64))
        left = budget.amount - np.where(k_second > 0, costs[1].cost(k_second.astype(float)), 0.0)
        start = float(costs[0].cost(np.array(0.0)))
        k_first = np.clip((left - start) / costs[0].attempt, 0, first.most).astype(np.int64)
        coverage = mixture(one, two, k_first, k_second)
        alone = mixture(one, two, np.array([most[0], 0]), np.array([0, most[1]]))
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


def exchanges(buyer: Buyer, k: Indices, model_ratio: float, inference_ratio: float) -> list[Exchange]:
    """What this group, the small model, reaches on the compute of k attempts of the large one."""
    factor = exchange(model_ratio, inference_ratio)
    rows = []
    for each in k.tolist():
        attempts = int(each * factor)
        coverage = float(buyer.data.coverage(np.array([attempts]))[0]) if attempts <= buyer.most else None
        rows.append(Exchange(model_ratio, inference_ratio, factor, each, attempts, coverage))
    return rows


def costs_of(money: Money | None, compute: Compute | None) -> dict[str, Cost]:
    """What is known of the cost of attempts, by unit."""
    found: dict[str, Cost] = {}
    if money is not None:
        found[money.unit] = money
    if compute is not None:
        found[compute.unit] = compute
    return found
