"""One solver for every law: damped Gauss-Newton on robust residuals, batched over starts and replicates.

Each step solves, for every replicate at once,

    (H + lambda diag H) step = J' psi,    H = sum_i v_i J_i J_i',    psi = w clip(r, -delta, delta),

the normal equations of iteratively reweighted least squares (Holland and Welsch 1977). Their weights would be
v = w min(1, delta/|r|); the true curvature of Huber's function is w inside delta and nothing outside. With small
delta most points are outside, and plain reweighting creeps. So points outside enter H with a fraction of their
weight, `relaxation`, that shrinks while steps succeed and grows back when one fails: the step then approaches
Newton's. The gradient is always exact, so the answer does not depend on any of this, only the number of steps does.

Priors on coordinates, where the problem has any, are squared residuals of one coordinate each: they add to the gradient
and to the diagonal of H.

The damping falls after a better step and rises after a worse one (Marquardt 1963); a coordinate at a bound that the
gradient pushes outwards is held there. The objective and the Jacobian are evaluated once a step. A replicate leaves
the batch after `PATIENCE` steps without gain or promise of gain, so a batch costs what its replicates need, not what
its worst needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.normal import TINY, damped_step
from scaling_cli.fitting.objective import huber
from scaling_cli.fitting.prior import Penalty
from scaling_cli.record import Record

MAX_STEPS = 300
PATIENCE = 3
GAIN = 1e-13  # relative decrease of the objective, made or promised, that counts as gain
FIRST_DAMPING, EASE, STIFFEN = 1e-3, 1 / 5, 6.0
MOST_RELAXED, RELAX, TIGHTEN = 0.02, 0.5, 4.0
ROUNDING = 4e-15  # of the largest target: some units in the last place


class Solvable(Protocol):
    """What the solver needs of a problem: a target and a weight per point, bounds, priors, and residuals."""

    @property
    def target(self) -> Array:
        """What is fitted, `(n,)`."""

    @property
    def weights(self) -> Array:
        """Weights of the points, `(n,)`."""

    @property
    def low(self) -> Array:
        """Lower bounds of the coordinates, `(k,)`."""

    @property
    def high(self) -> Array:
        """Upper bounds of the coordinates, `(k,)`."""

    @property
    def penalty(self) -> Penalty | None:
        """The priors on coordinates, if there are any."""

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Target less prediction `(replicates, n)`, and the prediction's Jacobian `(replicates, n, k)`."""


class Solution(Record):
    """Where each replicate ended: coordinates `(replicates, k)` and summed objective `(replicates,)`.

    `steps` counts evaluations; `is_settled` is false where steps ran out first.
    """

    theta: Array
    value: Array
    steps: Array
    is_settled: Flags


class Constraint(Record):
    """A quantity held near a value in each replicate, by `stiffness / 2 * (quantity - value)^2` in its objective.

    `measure` gives, for coordinates `(replicates, k)` and the replicates' numbers `(replicates,)`, each one's quantity
    `(replicates,)` and its gradient `(replicates, k)`; `value` and `stiffness` are `(replicates,)`.
    """

    measure: Callable[[Array, Indices], tuple[Array, Array]]
    value: Array
    stiffness: Array

    def pull(self, theta: Array, index: Indices) -> tuple[Array, Array, Array]:
        """How far each quantity is off, its gradient, and the stiffness."""
        quantity, gradient = self.measure(theta, index)
        return quantity - self.value[index], gradient, self.stiffness[index]


@dataclass(slots=True)
class _Batch:
    """The replicates still moving: where they are, and what the next step needs."""

    index: Indices
    theta: Array
    value: Array
    residuals: Array
    jacobian: Array
    target: Array
    weights: Array
    delta: Array
    damping: Array
    relaxation: Array
    idle: Indices

    def keep(self, mask: Flags) -> _Batch:
        return _Batch(*(getattr(self, name)[mask] for name in self.__slots__))


class _Extra(Record):
    """What the objective has beside the points: priors and a constraint."""

    problem: Solvable
    strength: float
    constraint: Constraint | None

    def value(self, theta: Array, index: Indices) -> Array:
        """What is added to the objective `(replicates,)`."""
        added = np.zeros(len(theta))
        if self.problem.penalty is not None:
            added += 0.5 * self.strength * (self.problem.penalty.residuals(theta)[0] ** 2).sum(axis=1)
        if self.constraint is not None:
            off, _, stiffness = self.constraint.pull(theta, index)
            added += 0.5 * stiffness * off**2
        return added

    def add_to(self, gradient: Array, normal: Array, batch: _Batch) -> None:
        """Add to the normal equations, in place."""
        if self.problem.penalty is not None:
            where = self.problem.penalty.index
            miss, slope = self.problem.penalty.residuals(batch.theta)
            gradient[:, where] -= self.strength * miss * slope
            normal[:, where, where] += self.strength * slope**2
        if self.constraint is not None:
            off, slopes, stiffness = self.constraint.pull(batch.theta, batch.index)
            gradient -= (stiffness * off)[:, None] * slopes
            normal += stiffness[:, None, None] * slopes[:, :, None] * slopes[:, None, :]


def minimise(
    problem: Solvable,
    theta: Array,
    *,
    delta: float | Array,
    weights: Array | None = None,
    target: Array | None = None,
    strength: float = 0.0,
    constraint: Constraint | None = None,
    fixed: Flags | None = None,
    gain: float = GAIN,
    most_steps: int = MAX_STEPS,
) -> Solution:
    """Minimise the summed Huber objective from each row of `theta`.

    Args:
        theta: Starts in the problem's coordinates, shaped (replicates, k).
        delta: The residual above which Huber's function is linear; infinite for least squares. One number for all
            points, one per point, shaped (n,), or one per replicate and point, shaped (replicates, n).
        weights: Weights of the points in each replicate, shaped (replicates, n); the problem's own by default.
        target: What each replicate is fitted to, in the problem's space, shaped (replicates, n); by default the data.
        strength: The weight of the problem's priors, in squared residuals.
        constraint: What is held in each replicate, if anything; the values returned include it.
        fixed: Coordinates that stay where each replicate starts, shaped (k,); none by default.
        gain: Relative decrease of the objective that counts as gain; where only predictions are wanted, it can be
            larger.
        most_steps: The number of steps after which to stop in any case.
    """
    extra = _Extra(problem, strength, constraint)
    theta = np.clip(theta, problem.low, problem.high)
    count = len(theta)
    if weights is None:
        weights = np.broadcast_to(problem.weights, (count, len(problem.weights)))
    if target is None:
        target = np.broadcast_to(problem.target, (count, len(problem.target)))
    delta = np.broadcast_to(delta, (count, len(problem.target) if np.ndim(delta) else 1))
    solution = Solution(theta.copy(), np.empty(count), np.zeros(count), np.zeros(count, dtype=bool))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        residuals, jacobian = problem.residuals(theta, target)
        value = huber(residuals, weights, delta) + extra.value(theta, np.arange(count))
        value[np.isnan(value)] = np.inf  # a start where the law has no value is no optimum
        batch = _Batch(
            np.arange(count), theta, value, residuals, jacobian, target, weights, delta,
            np.full(count, FIRST_DAMPING), np.full(count, 0.3), np.zeros(count, dtype=int),
        )  # fmt: skip
        for step in range(1, most_steps + 1):
            _advance(problem, batch, extra, fixed, gain)
            moving = batch.idle < PATIENCE
            if step == most_steps or not moving.all():
                done = batch.index if step == most_steps else batch.index[~moving]
                here = slice(None) if step == most_steps else ~moving
                solution.theta[done] = batch.theta[here]
                solution.value[done] = batch.value[here]
                solution.steps[done] = step
                solution.is_settled[done] = ~moving[here]
                batch = batch.keep(moving)
            if not len(batch.index):
                break
    return solution


def _advance(problem: Solvable, batch: _Batch, extra: _Extra, fixed: Flags | None, least_gain: float) -> None:
    """Try one step for every replicate, and take it where it lowers the objective."""
    gradient, normal = _normal_equations(batch)
    extra.add_to(gradient, normal, batch)
    held = ((batch.theta <= problem.low) & (gradient < 0)) | ((batch.theta >= problem.high) & (gradient > 0))
    if fixed is not None:
        held |= fixed
    step = damped_step(normal, gradient, batch.damping, held)
    trial = np.clip(batch.theta + step, problem.low, problem.high)
    residuals, jacobian = problem.residuals(trial, batch.target)
    value = huber(residuals, batch.weights, batch.delta) + extra.value(trial, batch.index)
    better = value < batch.value
    # A rejected step is no sign of rest while the model still promises a gain: it only wants more damping.
    gain = np.where(better, batch.value - value, np.einsum("rk,rk->r", step, gradient))
    is_moving = (gain > least_gain * batch.value) & (batch.value > _rounding(problem, batch.weights, batch.delta))
    batch.idle = np.where(is_moving, 0, batch.idle + 1)
    batch.damping = np.clip(np.where(better, batch.damping * EASE, batch.damping * STIFFEN), 1e-12, 1e12)
    batch.relaxation = np.clip(
        np.where(better, batch.relaxation * RELAX, batch.relaxation * TIGHTEN), MOST_RELAXED, 1.0
    )
    batch.theta[better] = trial[better]
    batch.value[better] = value[better]
    if better.all():
        batch.residuals, batch.jacobian = residuals, jacobian
    else:
        batch.residuals[better] = residuals[better]
        batch.jacobian[better] = jacobian[better]


def _rounding(problem: Solvable, weights: Array, delta: Array) -> Array:
    """The objective `(replicates,)` of residuals that are only rounding, where exact data end."""
    size = ROUNDING * float(np.abs(problem.target).max())
    inner = np.minimum(size, delta)
    rounding: Array = (inner * (size - inner / 2) * weights).sum(axis=1)
    return rounding


def _normal_equations(batch: _Batch) -> tuple[Array, Array]:
    """`J' psi` `(replicates, k)` and the normal matrix `(replicates, k, k)`."""
    size = np.abs(batch.residuals)
    outside = size > batch.delta
    curvature = np.where(outside, batch.relaxation[:, None] * batch.delta / np.maximum(size, TINY), 1.0)
    curvature *= batch.weights
    pull = np.clip(batch.residuals, -batch.delta, batch.delta) * batch.weights
    by_coordinate = batch.jacobian.swapaxes(1, 2)
    gradient = np.matmul(by_coordinate, pull[:, :, None])[:, :, 0]
    normal = np.matmul(by_coordinate * curvature[:, None, :], batch.jacobian)
    return gradient, normal
