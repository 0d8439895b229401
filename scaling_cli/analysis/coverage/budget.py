"""Budgets: how many attempts at one group to buy for a budget, a target, a value a problem, or a least gain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_cli.analysis.coverage.curve import Sampled, coverage_rows
from scaling_cli.analysis.coverage.laws import far_doubt
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.bootstrap import draw_curves
from scaling_cli.coverage.budget import (
    Compute,
    Cost,
    Money,
    affordable,
    affordable_stopping,
    exchange,
    smallest_k,
    worthwhile,
)
from scaling_cli.coverage.counts import Array, Indices
from scaling_cli.coverage.estimate import expected_attempts
from scaling_cli.record import Record, replace
from scaling_cli.results.coverage import Exchange, Purchase
from scaling_cli.results.fit import Estimate

FIXED, STOP = "fixed", "stop"
HEAVY_ATTENTION = 1.0


class Amount(Record):
    """A budget or a value a problem, in `usd` or `flops`."""

    amount: float
    unit: str


class Questions(Record):
    """What is asked; several of each may be."""

    budgets: tuple[Amount, ...] = ()
    targets: tuple[float, ...] = ()
    values: tuple[Amount, ...] = ()
    marginals: tuple[float, ...] = ()
    policy: str = FIXED


class Buyer(Record):
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
        if row.is_forecast and row.k is not None:
            found.append(_beyond(buyer, row, row.k, group))
    rows += [_for_target(buyer, target, questions) for target in questions.targets]
    rows += [_for_value(buyer, value, questions.policy) for value in questions.values]
    rows += [_for_gain(buyer, gain, questions.policy) for gain in questions.marginals]
    compute = buyer.costs.get(Compute.unit)
    if isinstance(compute, Compute) and compute.attention_share > HEAVY_ATTENTION:
        found.append(caveat("attention-heavy", group, share=compute.attention_share))
    return rows, found


def _beyond(buyer: Buyer, row: Purchase, k: int, group: dict[str, str] | None) -> Caveat:
    """That a budget pays for more attempts than were made, and what its coverage is worth then."""
    is_shown = row.coverage != Estimate(None)
    if k > buyer.furthest:
        return far_doubt(k, buyer.most, group, is_shown=is_shown)
    what, known = f"A budget of {row.amount:g} {row.unit}", "a forecast" if is_shown else "not known"
    return caveat("beyond-attempts", group, what=what, k=f"{buyer.most:,}", known=known)


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
        (row,), _ = coverage_rows(buyer.data, np.array([k]), buyer.level, "pointwise", "bound")
        coverage = Estimate(row.estimate, row.low, row.high)
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
