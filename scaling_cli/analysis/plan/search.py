"""The choice of runs that tell most about what is asked, for a cost and a number of runs.

The criterion is the log mean square error (see `square_error`). Runs are first added one by one, each time the one with
the most gain per cost; a run cheaper than an even share of what is left counts as that share, since the number of runs
is limited too. Then each run is exchanged for the best other candidate, until nothing improves (Fedorov 1972), both
within the budget and at prices of cost, which lead to other designs that meet the budget. The best of these are
improved once more. More runs can make a biased goal worse, so a design may leave some of the budget unspent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scaling_cli.analysis.plan.square_error import Model, criterion, rated, with_run
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.record import Record

PASSES = 12
IMPROVED = 1e-6  # of the criterion, which is in logs of squares
OVER = 1 + 1e-9  # rounding of sums of costs
PRICES = (1e-2, 1e2)  # of the whole budget, in units of the criterion
PRICE_STEPS = 8
MOST_PRICES, WORK = 24, 6e4  # of the second path; work is draws times candidates times runs over all its prices
FINAL_STARTS = 2  # improved over all draws


class Limits(Record):
    """What a design may cost: `budget` in the unit of `cost` `(m,)`, `runs` runs, each candidate `once` or often."""

    cost: Array
    budget: float
    runs: int
    once: bool = False

    def free(self, chosen: Sequence[int] | Indices) -> Flags:
        """Which candidates `(m,)` may still be run beside those chosen."""
        free = np.ones(len(self.cost), dtype=bool)
        if self.once:
            free[np.asarray(chosen, dtype=int)] = False
        return free


def select(models: Sequence[Model], limits: Limits, weights: Array) -> Indices:
    """The candidates to run, with repeats, best found; `weights` `(q,)` are those of the goals.

    Fewer runs than the limit come back if the budget allows no more. Empty if no candidate is affordable.
    """
    first = greedy(models, limits, weights, np.empty(0, dtype=int))
    if not len(first):
        return first
    few = [model.few() for model in models]
    starts = [first, *_priced(few, limits, weights, exchanged(few, limits, weights, first))]
    found = [exchanged(models, limits, weights, start) for start in _best(models, starts, weights)[:FINAL_STARTS]]
    return _best(models, found, weights)[0]


def _best(models: Sequence[Model], designs: Sequence[Indices], weights: Array) -> list[Indices]:
    """Designs that differ, the best first."""
    different = {tuple(np.sort(design).tolist()): design for design in designs}.values()
    return sorted(different, key=lambda design: criterion(models, design, weights))


def _priced(models: Sequence[Model], limits: Limits, weights: Array, start: Indices) -> Iterator[Indices]:
    """Affordable designs from paths along which cost has a price instead of a limit; the start is first.

    With the budget spent, no single exchange can turn two middling runs into a large and a small one. At a fixed price
    per FLOP it can, step by step. The first path seeks the price that meets the budget. Where there are few candidates,
    few designs cost just the budget, so a second path goes through all prices: a design that costs too much loses the
    runs that tell least for their cost, and each is filled up and improved within the budget.
    """
    yield start
    chosen = start
    low, high = PRICES
    for _ in range(PRICE_STEPS):
        price = float(np.sqrt(low * high))
        chosen = exchanged(models, limits, weights, chosen, price / limits.budget)
        is_affordable = limits.cost[chosen].sum() <= limits.budget * OVER
        low, high = (low, price) if is_affordable else (price, high)
        if is_affordable:
            yield chosen
    work = len(models[0].known) * len(limits.cost) * len(start)
    chosen = start
    for price in np.geomspace(*PRICES, min(int(WORK / work), MOST_PRICES)):
        chosen = exchanged(models, limits, weights, chosen, price / limits.budget)
        kept = _thinned(models, limits, weights, chosen)
        yield exchanged(models, limits, weights, greedy(models, limits, weights, kept))


def _thinned(models: Sequence[Model], limits: Limits, weights: Array, chosen: Indices) -> Indices:
    """A design without the runs that tell least per FLOP, so that it is within the budget."""
    while limits.cost[chosen].sum() > limits.budget * OVER:
        over = limits.cost[chosen].sum() - limits.budget
        places = _one_of_each(chosen)
        lost = np.array([criterion(models, np.delete(chosen, place), weights) for place in places])
        lost -= criterion(models, chosen, weights)
        saved = np.minimum(limits.cost[chosen[places]], over)
        chosen = np.delete(chosen, places[int(np.argmin(lost / saved))])
    return chosen


def greedy(models: Sequence[Model], limits: Limits, weights: Array, start: Indices) -> Indices:
    """A design to which runs are added one by one, as far as the limits allow."""
    chosen = start.tolist()
    spent = float(limits.cost[start].sum())
    states = [model.state(start) for model in models]
    now = criterion(models, start, weights)
    while len(chosen) < limits.runs:
        is_affordable = (spent + limits.cost <= limits.budget * OVER) & limits.free(chosen)
        if not is_affordable.any():
            break
        values = rated(models, states, weights)
        share = (limits.budget - spent) / (limits.runs - len(chosen))
        gain = np.where(is_affordable, (now - values) / np.maximum(limits.cost, share), -np.inf)
        best = int(np.argmax(gain))
        chosen.append(best)
        spent += float(limits.cost[best])
        now = float(values[best])
        states = [with_run(model, state, best) for model, state in zip(models, states, strict=True)]
    return np.array(chosen, dtype=int)


def exchanged(
    models: Sequence[Model], limits: Limits, weights: Array, chosen: Indices, price: float | None = None
) -> Indices:
    """A design improved by exchanging one run at a time: within the budget, or at a `price` of cost instead."""
    if not len(chosen):
        return chosen
    chosen = chosen.copy()
    bill = price * limits.cost if price is not None else np.zeros(len(limits.cost))
    spent = float(limits.cost[chosen].sum())
    now = criterion(models, chosen, weights)
    for _ in range(PASSES):
        before = now + bill[chosen].sum()
        for place in _one_of_each(chosen):
            spared = float(limits.cost[chosen[place]])
            others = np.delete(chosen, place)
            states = [model.state(others) for model in models]
            is_affordable: Flags = spent - spared + limits.cost <= limits.budget * OVER
            values = rated(models, states, weights) + bill
            if price is None:
                values[~is_affordable] = np.inf
            values[~limits.free(others)] = np.inf
            best = int(np.argmin(values))
            if values[best] < now + bill[chosen[place]] - IMPROVED:
                spent += float(limits.cost[best]) - spared
                chosen[place] = best
                now = float(values[best] - bill[best])
        if before - now - bill[chosen].sum() < IMPROVED:
            break
    return chosen


def _one_of_each(chosen: Indices) -> list[int]:
    """A place for each different candidate: equal runs have equal exchanges."""
    return [int(np.flatnonzero(chosen == value)[0]) for value in np.flatnonzero(np.bincount(chosen))]
