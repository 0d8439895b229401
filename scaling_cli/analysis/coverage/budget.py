"""How many attempts to buy for a budget, a target coverage, a value per solved problem, or a minimum gain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_cli.analysis.coverage.combined import far_doubt
from scaling_cli.analysis.coverage.curve import Sampled, coverage_rows
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.bootstrap import draw_curves
from scaling_cli.coverage.budget import (
    Compute,
    Cost,
    Money,
    affordable,
    affordable_stopping,
    enough,
    smallest_k,
    worthwhile,
)
from scaling_cli.coverage.counts import Array, Indices
from scaling_cli.coverage.estimate import expected_attempts
from scaling_cli.record import Record, replace
from scaling_cli.results.coverage import Purchase
from scaling_cli.results.fit import Estimate

FIXED, STOP = "fixed", "stop"
HEAVY_ATTENTION = 1.0


class Amount(Record):
    """A budget or a value per problem, in `usd` or `flops`, or a coverage."""

    amount: float
    unit: str


class Questions(Record):
    """The budgets, targets, values and gains that the user asks about."""

    budgets: tuple[Amount, ...] = ()
    targets: tuple[float, ...] = ()
    values: tuple[Amount, ...] = ()
    marginals: tuple[float, ...] = ()
    policy: str = FIXED


class Buyer(Record):
    """A group for which attempts are bought: its counts, its problems by name, and the cost of attempts by unit."""

    name: str
    data: Sampled
    problems: tuple[str, ...]
    costs: dict[str, Cost]
    level: float
    forecast: Callable[[int], Estimate]
    furthest: int

    @property
    def most(self) -> int:
        """The most attempts at which coverage is estimated from the log."""
        return self.data.longest

    def gain(self, k: int) -> float:
        """The coverage that attempt k + 1 adds."""
        if k == 0:
            return float(self.data.coverage(np.array([1]))[0])
        before, after = self.data.coverage(np.array([k, k + 1]))
        return float(after - before)


def purchases(buyer: Buyer, questions: Questions, group: dict[str, str] | None) -> tuple[list[Purchase], list[Caveat]]:
    """The attempts that one group needs or affords, for every question."""
    rows: list[Purchase] = []
    caveats: list[Caveat] = []
    for budget in questions.budgets:
        row = _for_budget(buyer, budget, questions.policy)
        rows.append(row)
        if row.is_forecast and row.k is not None:
            caveats.append(_beyond(buyer, row, row.k, group))
    rows += [_for_target(buyer, target, questions) for target in questions.targets]
    rows += [_for_value(buyer, value, questions.policy) for value in questions.values]
    rows += [_for_gain(buyer, gain, questions.policy) for gain in questions.marginals]
    compute = buyer.costs.get(Compute.unit)
    if isinstance(compute, Compute) and compute.attention_share > HEAVY_ATTENTION:
        caveats.append(caveat("attention-heavy", group, share=compute.attention_share))
    return rows, caveats


def _beyond(buyer: Buyer, row: Purchase, k: int, group: dict[str, str] | None) -> Caveat:
    """A caveat that a budget pays for more attempts than were made, so that coverage is a forecast or not known."""
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
    """The fewest attempts that reach a target, with an interval over replicates.

    If the attempts made do not reach it, both come from the forecast, where there is one.
    """
    grid = _every_k(buyer.most)
    curve = buyer.data.coverage(grid)
    k = smallest_k(lambda attempts: float(buyer.data.coverage(np.array([attempts]))[0]), target, buyer.most)
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
    """The fewest attempts at which the forecast, or an end of its interval, reaches a target."""

    def reaches(k: int) -> float:
        value: float | None = getattr(buyer.forecast(k), part)
        return 0.0 if value is None else value

    k = smallest_k(reaches, target, buyer.furthest)
    return None if k is None else max(k, buyer.most + 1)


def _every_k(most: int) -> Indices:
    """The k at which a target is looked for: all up to 400 attempts, else steps of 2 % from 60 on."""
    if most <= 400:
        return np.arange(1, most + 1)
    return np.unique(np.append(np.arange(1, 60), np.geomspace(60, most, 260).astype(np.int64)))


def _whole(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None


def _for_value(buyer: Buyer, value: Amount, policy: str) -> Purchase:
    """The limit on attempts with the largest difference of value and cost; none where no limit pays."""
    cost = buyer.costs[value.unit]
    if policy == FIXED:
        k = np.array([worthwhile(buyer.gain, cost.attempt / value.amount, buyer.most)])
        k = k[k > 0]
    else:
        # Problems that are left are harder, but few attempts are made at the others: gains per cost need not fall.
        k = _every_k(buyer.most)
    if not len(k):
        return _purchase(buyer, "value", value, policy, 0)
    left = value.amount * buyer.data.coverage(k) - cost.cost(np.array([_attempts(buyer, each, policy) for each in k]))
    best = int(np.argmax(left))
    return _purchase(buyer, "value", value, policy, int(k[best]) if left[best] > 0 else 0)


def _for_gain(buyer: Buyer, gain: float, policy: str) -> Purchase:
    k = worthwhile(buyer.gain, gain, buyer.most)
    return _purchase(buyer, "marginal", Amount(gain, "coverage"), policy, k, next(iter(buyer.costs), ""))


def _purchase(
    buyer: Buyer, question: str, asked: Amount, policy: str, k: int | None, unit: str | None = None
) -> Purchase:
    """The cost and the coverage of k attempts; beyond the attempts made, by the forecast."""
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
    return float(_mean_attempts(buyer)[k - 1])


def _mean_attempts(buyer: Buyer) -> Array:
    """Mean attempts at each limit from 1 to the most, for a log whose sampling stopped at successes."""
    unsolved = 1 - buyer.data.coverage(np.arange(1, buyer.most))
    return np.asarray(np.cumsum(np.concatenate([[1.0], unsolved])))


def _affordable_stopping(buyer: Buyer, cost: Cost, budget: float) -> int:
    if buyer.data.batch is None:
        return affordable_stopping(buyer.data.counts, cost, budget)
    return int(np.searchsorted(cost.cost(_mean_attempts(buyer)), enough(budget), side="right"))


def costs_of(money: Money | None, compute: Compute | None) -> dict[str, Cost]:
    """The cost of attempts by unit, for the units that are priced."""
    costs: dict[str, Cost] = {}
    if money is not None:
        costs[money.unit] = money
    if compute is not None:
        costs[compute.unit] = compute
    return costs
