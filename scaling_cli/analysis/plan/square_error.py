"""The mean square error of what is asked, with the runs of a design, and with each candidate added to them.

A run at candidate i adds J_i J_i' / sigma_i^2 to the information M about the coordinates of a law, where J_i is the
gradient of its log loss there and sigma_i the noise of one run. A goal with the gradient g then has the variance
g' M^-1 g (c-optimality; Elfving 1952, Atkinson et al. 2007, chapter 10). Where the law may be wrong by departures b_i
that are not fitted (see `departures`), the goal also has the bias b_g - g' G, where G = M^-1 sum J_i b_i' / sigma_i^2
and b_g is what the departure does to the goal itself (Box and Draper 1959). The criterion is the log of the mean square
error, variance and squared bias together, averaged over goals, over draws of the parameters and over laws that may
hold, so a design is good wherever the truth may lie (pseudo-Bayesian design; Chaloner and Verdinelli 1995).

A run changes M by rank one, so all candidates are rated without inverting again:

    g' (M + J J')^-1 g = g' S g - (J' S g)^2 / (1 + J' S J),   S = M^-1,

and the bias changes by -(J' S g) (b - J' G) / (1 + J' S J).

Shapes: draws `(r, ...)`, candidates `(r, m, k)`, goals `(r, q, k)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Indices
from scaling_cli.record import Record, replace

RIDGE = 1e-9  # of the mean diagonal of the information: keeps M invertible before there are enough runs
FEW_DRAWS = 3  # with which starts are sought
AT_ONCE = 2000  # draws times candidates that are rated at once: few enough to stay in the cache


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
    def turned(self) -> Array:
        """Gradients with departures, candidates last `(r, k, m)`."""
        return np.ascontiguousarray(self.jacobian.swapaxes(1, 2))

    @cached_property
    def base(self) -> Array:
        """The information that is there, made invertible `(r, k, k)`."""
        size = self.known.shape[-1]
        scale = np.einsum("rmk,rmk->rk", self.jacobian, self.jacobian) + np.einsum("rkk->rk", self.known)
        ridge: Array = self.known + (RIDGE * scale)[:, :, None] * np.eye(size)
        return ridge

    def information(self, chosen: Indices) -> Array:
        """The information `(r, k, k)` with the runs at the candidates `chosen`, which may repeat."""
        repeats = np.bincount(chosen)  # a design of thousands of runs has few different ones
        places = np.flatnonzero(repeats)
        rows = self.jacobian[:, places] * np.sqrt(repeats[places])[:, None]
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
    return np.maximum(squares, ALMOST_ZERO)


def rated(models: Sequence[Model], states: Sequence[State], weights: Array) -> Array:
    """The weighted log of mean square errors `(m,)` with each candidate added."""
    value: Array = np.zeros(models[0].jacobian.shape[1])
    total = sum(model.weight for model in models) * weights.sum()
    for model, state in zip(models, states, strict=True):
        draws = len(model.known)
        at_once = max(AT_ONCE // len(value), 1)
        now = _present(model, state)
        sums = sum(_sums(model, now, weights, slice(i, i + at_once)) for i in range(0, draws, at_once))
        value += model.weight / total / draws * sums
    return value


class _Present(Record):
    """What is the same for all candidates.

    Attributes:
        maps: All that is needed of a candidate is linear in its gradient J with its departures: S J, g' S J, b - G' J,
            and the product of the last with the bias of each goal. This is the matrix of them all, `(r, ..., k + e)`.
        variance: The variance of each goal, `(r, q)`.
        squares: The squared bias of each goal, `(r, q)`.
    """

    maps: Array
    variance: Array
    squares: Array


def _present(model: Model, state: State) -> _Present:
    k, e = model.size, model.departures
    goals, q, draws = model.goals[:, :, :k], model.goals.shape[1], len(model.known)
    reached = goals @ state.inverse
    bias = model.goals[:, :, k:] - goals @ state.response
    maps = np.zeros((draws, k + e + 2 * q, k + e))
    maps[:, :k, :k] = state.inverse
    maps[:, k : k + q, :k] = reached
    missed = maps[:, k + q : k + q + e]
    missed[:, :, :k] = -state.response.swapaxes(1, 2)
    missed[:, :, k:] = np.eye(e)
    maps[:, k + q + e :] = bias @ missed
    return _Present(maps, np.einsum("rqk,rqk->rq", reached, goals), (bias**2).sum(axis=-1))


def _sums(model: Model, now: _Present, weights: Array, draws: slice) -> Array:
    """Sums of logs of mean square errors `(m,)` over some draws and the goals, with each candidate added."""
    k, e, q = model.size, model.departures, model.goals.shape[1]
    rows = model.turned[draws]
    values = now.maps[draws] @ rows
    reach = values[:, k : k + q]
    new, product = values[:, k + q : k + q + e], values[:, k + q + e :]
    step = reach / (1 + np.einsum("rkm,rkm->rm", values[:, :k], rows[:, :k]))[:, None]
    before = now.variance[draws, :, None]
    after = np.maximum(before - step * reach, 1e-12 * before)
    after += step * (step * np.einsum("rem,rem->rm", new, new)[:, None] - 2 * product)
    after += now.squares[draws, :, None]
    sums: Array = np.einsum("q,rqm->m", weights, np.log(after))
    return sums


def with_run(model: Model, state: State, candidate: int) -> State:
    """The state with one more run (Sherman and Morrison 1950)."""
    k = model.size
    row, new = model.jacobian[:, candidate, :k], model.jacobian[:, candidate, k:]
    turned = np.einsum("rkl,rl->rk", state.inverse, row)
    over = turned / (1 + np.einsum("rk,rk->r", turned, row))[:, None]
    miss = new - np.einsum("rk,rke->re", row, state.response)
    return State(
        state.inverse - turned[:, :, None] * over[:, None, :], state.response + over[:, :, None] * miss[:, None, :]
    )
