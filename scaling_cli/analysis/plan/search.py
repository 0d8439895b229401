"""The choice of runs that tell most about what is asked, for a cost and a number of runs.

A run at candidate i adds J_i J_i' / sigma_i^2 to the information M about the coordinates of a law, where J_i is the
gradient of its log loss there and sigma_i the noise of one run. A goal with the gradient g then has the variance
g' M^-1 g (c-optimality; Elfving 1952, Atkinson et al. 2007, chapter 10). Where the law may be wrong by departures b_i
that are not fitted (see `departures`), the goal also has the bias b_g - g' G, where G = M^-1 sum J_i b_i' / sigma_i^2
and b_g is what the departure does to the goal itself (Box and Draper 1959). The criterion is the log of the mean square
error, variance and squared bias together, averaged over goals, over draws of the parameters and over laws that may
hold, so a design is good wherever the truth may lie (pseudo-Bayesian design; Chaloner and Verdinelli 1995).

Runs are first added one by one, each time the one with the most gain per cost; a run cheaper than an even share of what
is left counts as that share, since the number of runs is limited too. Then each run is exchanged for the best other
candidate, until nothing improves (Fedorov 1972), both within the budget and at a price of cost that makes the design
meet it. A run changes M by rank one, so all candidates are
rated without inverting again:

    g' (M + J J')^-1 g = g' S g - (J' S g)^2 / (1 + J' S J),   S = M^-1,

and the bias changes by -(J' S g) (b - J' G) / (1 + J' S J). More runs can make a biased goal worse, so a design may
leave some of the budget unspent.

Shapes: draws `(r, ...)`, candidates `(r, m, k)`, goals `(r, q, k)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.record import Record, replace

RIDGE = 1e-9  # of the mean diagonal of the information: keeps M invertible before there are enough runs
PASSES = 12
IMPROVED = 1e-6  # of the criterion, which is in logs of squares
OVER = 1 + 1e-9  # rounding of sums of costs
PRICES = (1e-2, 1e2)  # of the whole budget, in units of the criterion
PRICE_STEPS = 8
FEW_DRAWS = 3  # with which starts are sought


class Model(Record, dict=True):
    """One law: what candidates tell about it, what is known of it, and what is to be learnt.

    Attributes:
        jacobian: Gradients of log loss at the candidates over the noise there, shaped (r, m, k).
        known: Information that is there already, shaped (r, k, k).
        goals: Gradients of the goals, shaped (r, q, k).
        weight: How much this law counts in the criterion.
        departures: How many of the k columns, the last, are ways in which the law may be wrong by one standard
            deviation. They are not fitted.
    """

    jacobian: Array
    known: Array
    goals: Array
    weight: float = 1.0
    departures: int = 0

    def few(self) -> Model:
        """The model with the first draws alone."""
        return replace(
            self, jacobian=self.jacobian[:FEW_DRAWS], known=self.known[:FEW_DRAWS], goals=self.goals[:FEW_DRAWS]
        )

    @property
    def size(self) -> int:
        """How many columns are fitted."""
        size: int = self.known.shape[-1] - self.departures
        return size

    @property
    def law(self) -> Model:
        """The model without departures."""
        k = self.size
        return Model(self.jacobian[..., :k], self.known[:, :k, :k], self.goals[..., :k], self.weight)

    @cached_property
    def rows(self) -> tuple[Array, Array]:
        """Gradients of what is fitted `(r, m, k)`, and departures `(r, m, e)`."""
        k = self.size
        return np.ascontiguousarray(self.jacobian[..., :k]), np.ascontiguousarray(self.jacobian[..., k:])

    @cached_property
    def base(self) -> Array:
        """The information that is there, made invertible `(r, k, k)`."""
        size = self.known.shape[-1]
        scale = np.einsum("rmk,rmk->rk", self.jacobian, self.jacobian) + np.einsum("rkk->rk", self.known)
        ridge: Array = self.known + (RIDGE * scale)[:, :, None] * np.eye(size)
        return ridge

    def information(self, chosen: Indices) -> Array:
        """The information `(r, k, k)` with the runs at the candidates `chosen`, which may repeat."""
        rows = self.jacobian[:, chosen]
        added: Array = self.base + rows.swapaxes(1, 2) @ rows
        return added

    def state(self, chosen: Indices) -> State:
        """What follows from those runs."""
        information, k = self.information(chosen), self.size
        inverse = inverse_of(information[:, :k, :k])
        return State(inverse, inverse @ information[:, :k, k:])

    def variances(self, chosen: Indices) -> Array:
        """The mean square error of each goal `(r, q)` with those runs."""
        return _variances(self, self.state(chosen))


class State(Record):
    """The inverse of the information `(r, k, k)`, and the error of the coordinates by each departure `(r, k, e)`."""

    inverse: Array
    response: Array


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
    first = _greedy(models, limits, weights)
    if not len(first):
        return first
    few = [model.few() for model in models]
    plain = exchanged(few, limits, weights, first)
    starts = [first, plain, _priced(few, limits, weights, plain)]
    return exchanged(models, limits, weights, min(starts, key=lambda start: criterion(models, start, weights)))


def _priced(models: Sequence[Model], limits: Limits, weights: Array, start: Indices) -> Indices:
    """The best affordable design of a path along which cost has a price instead of a limit.

    With the budget spent, no single exchange can turn two middling runs into a large and a small one. At a fixed price
    per FLOP it can, step by step; the price is then changed until the budget is met.
    """
    best, chosen = start, start
    value = criterion(models, start, weights)
    low, high = PRICES
    for _ in range(PRICE_STEPS):
        price = float(np.sqrt(low * high))
        chosen = exchanged(models, limits, weights, chosen, price / limits.budget)
        is_affordable = limits.cost[chosen].sum() <= limits.budget * OVER
        low, high = (low, price) if is_affordable else (price, high)
        if is_affordable and (found := criterion(models, chosen, weights)) < value:
            best, value = chosen, found
    return best


def criterion(models: Sequence[Model], chosen: Indices, weights: Array) -> float:
    """The mean log square error of the goals; lower is better, and half of a difference is one in log error."""
    total = sum(model.weight for model in models)
    return float(
        sum(model.weight / total * (np.log(model.variances(chosen)) @ weights).mean() for model in models)
        / weights.sum()
    )


def inverse_of(information: Array) -> Array:
    """The inverses `(r, k, k)` of positive definite matrices."""
    inverse: Array = np.asarray(np.linalg.inv(information), dtype=float)
    return inverse


def _variances(model: Model, state: State) -> Array:
    goals, k = model.goals[..., : model.size], model.size
    product: Array = np.einsum("rqk,rqk->rq", goals @ state.inverse, goals)
    bias = model.goals[..., k:] - goals @ state.response
    squares: Array = product + (bias**2).sum(axis=-1)
    return np.maximum(squares, 1e-300)


def _rate(models: Sequence[Model], states: Sequence[State], weights: Array) -> Array:
    """The weighted log of mean square errors `(m,)` with each candidate added."""
    value: Array = np.zeros(models[0].jacobian.shape[1])
    total = sum(model.weight for model in models) * weights.sum()
    for model, state in zip(models, states, strict=True):
        k = model.size
        (rows, bent), goals = model.rows, model.goals[..., :k]
        turned = rows @ state.inverse
        height = np.einsum("rmk,rmk->rm", turned, rows)
        reach = turned @ goals.swapaxes(1, 2)
        before = np.einsum("rqk,rqk->rq", goals @ state.inverse, goals)
        after = before[:, None, :] - reach**2 / (1 + height)[:, :, None]
        after = np.maximum(after, 1e-12 * before[:, None, :])
        if model.departures:
            bias = model.goals[..., k:] - goals @ state.response
            new = bent - rows @ state.response
            step = reach / (1 + height)[:, :, None]
            after += (bias**2).sum(axis=-1)[:, None, :]
            after += step * (step * np.einsum("rme,rme->rm", new, new)[:, :, None] - 2 * (new @ bias.swapaxes(1, 2)))
        value += model.weight / total * (np.log(after) @ weights).mean(axis=0)
    return value


def _greedy(models: Sequence[Model], limits: Limits, weights: Array) -> Indices:
    chosen: list[int] = []
    spent = 0.0
    states = [model.state(np.empty(0, dtype=int)) for model in models]
    now = criterion(models, np.empty(0, dtype=int), weights)
    while len(chosen) < limits.runs:
        is_affordable = (spent + limits.cost <= limits.budget * OVER) & limits.free(chosen)
        if not is_affordable.any():
            break
        rated = _rate(models, states, weights)
        share = (limits.budget - spent) / (limits.runs - len(chosen))
        gain = np.where(is_affordable, (now - rated) / np.maximum(limits.cost, share), -np.inf)
        best = int(np.argmax(gain))
        chosen.append(best)
        spent += float(limits.cost[best])
        now = float(rated[best])
        states = [_with(model, state, best) for model, state in zip(models, states, strict=True)]
    return np.array(chosen, dtype=int)


def _with(model: Model, state: State, candidate: int) -> State:
    """The state with one more run (Sherman and Morrison 1950)."""
    k = model.size
    row, new = model.jacobian[:, candidate, :k], model.jacobian[:, candidate, k:]
    turned = np.einsum("rkl,rl->rk", state.inverse, row)
    over = turned / (1 + np.einsum("rk,rk->r", turned, row))[:, None]
    miss = new - np.einsum("rk,rke->re", row, state.response)
    return State(
        state.inverse - turned[:, :, None] * over[:, None, :], state.response + over[:, :, None] * miss[:, None, :]
    )


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
            rated = _rate(models, states, weights) + bill
            if price is None:
                rated[~is_affordable] = np.inf
            rated[~limits.free(others)] = np.inf
            best = int(np.argmin(rated))
            if rated[best] < now + bill[chosen[place]] - IMPROVED:
                spent += float(limits.cost[best]) - spared
                chosen[place] = best
                now = float(rated[best] - bill[best])
        if before - now - bill[chosen].sum() < IMPROVED:
            break
    return chosen


def _one_of_each(chosen: Indices) -> list[int]:
    """A place for each different candidate: equal runs have equal exchanges."""
    return [int(np.flatnonzero(chosen == value)[0]) for value in np.flatnonzero(np.bincount(chosen))]
