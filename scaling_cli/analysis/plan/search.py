"""The choice of runs that tell most about what is asked, for a cost and a number of runs.

A run at candidate i adds J_i J_i' / sigma_i^2 to the information M about the coordinates of a law, where J_i is the
gradient of its log loss there and sigma_i the noise of one run. A goal with the gradient g then has the variance
g' M^-1 g (c-optimality; Elfving 1952, Atkinson et al. 2007, chapter 10). The criterion is the log of that variance, a
mean over goals, over draws of the parameters and over laws that may hold, so a design is good wherever the truth may
lie (pseudo-Bayesian design; Chaloner and Verdinelli 1995).

Runs are first added one by one, each time the one with the most gain per cost; a run cheaper than an even share of what
is left counts as that share, since the number of runs is limited too. Then each run is exchanged for the best other
candidate that is affordable, until nothing improves (Fedorov 1972). A run changes M by rank one, so all candidates are
rated without inverting again:

    g' (M + J J')^-1 g = g' S g - (J' S g)^2 / (1 + J' S J),   S = M^-1.

Shapes: draws `(r, ...)`, candidates `(r, m, k)`, goals `(r, q, k)`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.record import Record

RIDGE = 1e-9  # of the mean diagonal of the information: keeps M invertible before there are enough runs
PASSES = 12
IMPROVED = 1e-6  # of the criterion, which is in logs of variances
OVER = 1 + 1e-9  # rounding of sums of costs
POWERS = (1.0, 0.5)  # of cost, by which the gain is divided: each gives a start of its own


class Model(Record):
    """One law: what candidates tell about it, what is known of it, and what is to be learnt.

    Attributes:
        jacobian: Gradients of log loss at the candidates over the noise there, shaped (r, m, k).
        known: Information that is there already, shaped (r, k, k).
        goals: Gradients of the goals, shaped (r, q, k).
        weight: How much this law counts in the criterion.
    """

    jacobian: Array
    known: Array
    goals: Array
    weight: float = 1.0

    @property
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

    def variances(self, chosen: Indices) -> Array:
        """The variance of each goal `(r, q)` with those runs."""
        return _variances(inverse_of(self.information(chosen)), self.goals)


class Limits(Record):
    """What a design may cost: `budget` in the unit of `cost` `(m,)`, and at most `runs` runs."""

    cost: Array
    budget: float
    runs: int


def select(models: Sequence[Model], limits: Limits, weights: Array) -> Indices:
    """The candidates to run, with repeats, best found; `weights` `(q,)` are those of the goals.

    Fewer runs than the limit come back if the budget allows no more. Empty if no candidate is affordable.
    """
    ends = []
    for power in POWERS:
        chosen = exchanged(models, limits, weights, _greedy(models, limits, weights, power))
        ends.append((criterion(models, chosen, weights), chosen))
    return min(ends, key=lambda end: end[0])[1]


def criterion(models: Sequence[Model], chosen: Indices, weights: Array) -> float:
    """The mean log variance of the goals; lower is better, and half of a difference is one in log interval width."""
    total = sum(model.weight for model in models)
    return float(
        sum(model.weight / total * (np.log(model.variances(chosen)) @ weights).mean() for model in models)
        / weights.sum()
    )


def inverse_of(information: Array) -> Array:
    """The inverses `(r, k, k)` of positive definite matrices."""
    inverse: Array = np.asarray(np.linalg.inv(information), dtype=float)
    return inverse


def _variances(inverse: Array, goals: Array) -> Array:
    product: Array = np.einsum("rqk,rqk->rq", goals @ inverse, goals)
    return np.maximum(product, 1e-300)


def _rate(models: Sequence[Model], inverses: Sequence[Array], weights: Array) -> Array:
    """The weighted log variance `(m,)` with each candidate added."""
    value: Array = np.zeros(models[0].jacobian.shape[1])
    total = sum(model.weight for model in models) * weights.sum()
    for model, inverse in zip(models, inverses, strict=True):
        turned = model.jacobian @ inverse
        height = np.einsum("rmk,rmk->rm", turned, model.jacobian)
        reach = turned @ model.goals.swapaxes(1, 2)
        before = _variances(inverse, model.goals)
        after = before[:, None, :] - reach**2 / (1 + height)[:, :, None]
        logs = np.log(np.maximum(after, 1e-12 * before[:, None, :]))
        value += model.weight / total * (logs @ weights).mean(axis=0)
    return value


def _greedy(models: Sequence[Model], limits: Limits, weights: Array, power: float) -> Indices:
    chosen: list[int] = []
    spent = 0.0
    inverses = [inverse_of(model.base) for model in models]
    now = _current(models, inverses, weights)
    while len(chosen) < limits.runs:
        is_affordable = spent + limits.cost <= limits.budget * OVER
        if not is_affordable.any():
            break
        rated = _rate(models, inverses, weights)
        share = (limits.budget - spent) / (limits.runs - len(chosen))
        gain = np.where(is_affordable, (now - rated) / np.maximum(limits.cost, share) ** power, -np.inf)
        best = int(np.argmax(gain))
        chosen.append(best)
        spent += float(limits.cost[best])
        now = float(rated[best])
        inverses = [_with(model, inverse, best) for model, inverse in zip(models, inverses, strict=True)]
    return np.array(chosen, dtype=int)


def _current(models: Sequence[Model], inverses: Sequence[Array], weights: Array) -> float:
    total = sum(model.weight for model in models) * weights.sum()
    return float(
        sum(
            model.weight / total * (np.log(_variances(inverse, model.goals)) @ weights).mean()
            for model, inverse in zip(models, inverses, strict=True)
        )
    )


def _with(model: Model, inverse: Array, candidate: int) -> Array:
    """The inverse of the information with one more run (Sherman and Morrison 1950)."""
    row = model.jacobian[:, candidate]
    turned = np.einsum("rkl,rl->rk", inverse, row)
    height = 1 + np.einsum("rk,rk->r", turned, row)
    updated: Array = inverse - turned[:, :, None] * turned[:, None, :] / height[:, None, None]
    return updated


def exchanged(models: Sequence[Model], limits: Limits, weights: Array, chosen: Indices) -> Indices:
    """A design improved by exchanging one run at a time, and by adding runs that are still affordable."""
    if not len(chosen):
        return chosen
    chosen = chosen.copy()
    spent = float(limits.cost[chosen].sum())
    now = criterion(models, chosen, weights)
    for _ in range(PASSES):
        before = now
        for place in _one_of_each(chosen):
            spared = float(limits.cost[chosen[place]])
            others = np.delete(chosen, place)
            inverses = [inverse_of(model.information(others)) for model in models]
            is_affordable: Flags = spent - spared + limits.cost <= limits.budget * OVER
            rated = np.where(is_affordable, _rate(models, inverses, weights), np.inf)
            best = int(np.argmin(rated))
            if rated[best] < now - IMPROVED:
                spent += float(limits.cost[best]) - spared
                chosen[place] = best
                now = float(rated[best])
        if before - now < IMPROVED:
            break
    return chosen


def _one_of_each(chosen: Indices) -> list[int]:
    """A place for each different candidate: equal runs have equal exchanges."""
    return [int(np.flatnonzero(chosen == value)[0]) for value in np.flatnonzero(np.bincount(chosen))]
