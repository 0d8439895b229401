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

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.equations import Block, Data, Equations, evaluated
from scaling_cli.fitting.extra import Constraint, Extra
from scaling_cli.fitting.normal import damped_step
from scaling_cli.fitting.prior import Penalty
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.threads import reuse_memory
from scaling_cli.record import Record, State

MAX_STEPS = 300
PATIENCE = 3
NEARLY = 1e-9  # relative: a full step that promised less ends within 1e-4 of a standard error of a replicate
GAIN = 1e-13  # relative decrease of the objective, made or promised, that counts as gain
FIRST_DAMPING, EASE, STIFFEN = 1e-3, 1 / 5, 6.0
FREE_DAMPING = 1e-6  # less hardly shortens a step, so what it promises is all that there is to gain
MOST_RELAXED, RELAX, TIGHTEN = 0.02, 0.5, 4.0
NOISE = 1e-14  # of an objective, from rounding
ROUNDING = 4e-15  # of the largest target: some units in the last place
FULL = 0.8  # of a batch still moving: with more, those that have ended stay


class Solvable(Protocol):
    """What the solver needs of a problem: a target and a weight per point, bounds, priors, and residuals.

    Targets, weights and bounds may also have one row per replicate.
    """

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

    def kept(self, replicates: Flags) -> Solvable:
        """What is left of the problem for some of the replicates."""


class Solution(Record):
    """Where each replicate ended: coordinates `(replicates, k)` and summed objective `(replicates,)`.

    `steps` counts evaluations; `is_settled` is false where steps ran out first.
    """

    theta: Array
    value: Array
    steps: Array
    is_settled: Flags

    def rows(self, which: slice | Indices) -> Solution:
        """The part of some of the replicates."""
        return Solution(self.theta[which], self.value[which], self.steps[which], self.is_settled[which])


def joined(parts: Sequence[Solution]) -> Solution:
    """The solutions of several batches, one after the other."""
    return Solution(*(np.concatenate([getattr(part, name) for part in parts]) for name in Solution.__struct_fields__))


class _Batch(State):
    """The replicates still moving: where they are, and what the next step needs.

    Those that have ended leave only once there are enough of them, because leaving copies all others; until then they
    are not `is_live`. `blocks` are parts of a problem of very many points.
    """

    problem: Solvable
    blocks: Sequence[Block]
    data: Data
    equations: Equations
    index: Indices
    theta: Array
    value: Array
    rounding: Array
    damping: Array
    relaxation: Array
    idle: Indices
    is_live: Flags

    def keep(self, mask: Flags) -> _Batch:
        arrays = (getattr(self, name).compress(mask, axis=0) for name in self.__struct_fields__[4:])
        return _Batch(self.problem.kept(mask), self.blocks, self.data.keep(mask), self.equations.keep(mask), *arrays)


def minimise(
    problem: Solvable,
    theta: Array,
    *,
    delta: float | Array,
    weights: Array | None = None,
    target: Array | None = None,
    strength: float | Array = 0.0,
    constraint: Constraint | None = None,
    fixed: Flags | None = None,
    gain: float = GAIN,
    most_steps: int = MAX_STEPS,
    near: bool = False,
) -> Solution:
    """Minimise the summed Huber objective from each row of `theta`.

    Args:
        problem: What to fit. A `Stack` has a problem for each row of `theta`.
        theta: Starts in the problem's coordinates, shaped (replicates, k).
        delta: The residual above which Huber's function is linear; infinite for least squares. One number for all
            points, one per point, shaped (n,), one per replicate, shaped (replicates, 1), or one per replicate and
            point, shaped (replicates, n).
        weights: Weights of the points in each replicate, shaped (replicates, n); the problem's own by default.
        target: What each replicate is fitted to, in the problem's space, shaped (replicates, n); by default the data.
        strength: The weight of the problem's priors, in squared residuals; one number, or one per replicate.
        constraint: What is held in each replicate, if anything; the values returned include it.
        fixed: Coordinates that stay where each replicate starts, shaped (k,) or (replicates, k); none by default.
        gain: Relative decrease of the objective that counts as gain; where only predictions are wanted, it can be
            larger.
        most_steps: The number of steps after which to stop in any case.
        near: Whether starts are near their optima, as those of replicates at the fit are, and ends are wanted to a
            small part of their standard error.
    """
    reuse_memory()
    count = len(theta)
    extra = Extra(problem.penalty, np.broadcast_to(strength, count), constraint)
    solution = Solution(
        np.clip(theta, problem.low, problem.high), np.empty(count), np.zeros(count), np.zeros(count, dtype=bool)
    )
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        batch = _first(problem, solution.theta.copy(), delta, weights, target, extra)
        if near:
            batch.damping[:] = FREE_DAMPING
        for step in range(1, most_steps + 1):
            _advance(batch, extra, fixed, gain, NEARLY if near else 0.0)
            settled = batch.idle >= PATIENCE
            ended = batch.is_live if step == most_steps else batch.is_live & settled
            if not np.count_nonzero(ended):
                continue
            done = batch.index[ended]
            solution.theta[done], solution.value[done] = batch.theta[ended], batch.value[ended]
            solution.steps[done], solution.is_settled[done] = step, settled[ended]
            batch.is_live &= ~ended
            left = np.count_nonzero(batch.is_live)
            if not left:
                break
            if left <= FULL * len(batch.index):
                batch = batch.keep(batch.is_live)
    return solution


def _first(
    problem: Solvable,
    theta: Array,
    delta: float | Array,
    weights: Array | None,
    target: Array | None,
    extra: Extra,
) -> _Batch:
    """All replicates before their first step."""
    count, n = len(theta), problem.target.shape[-1]
    weights = np.broadcast_to(problem.weights if weights is None else weights, (count, n))
    size = ROUNDING * np.abs(problem.target).max(axis=-1, keepdims=True)
    target = np.broadcast_to(problem.target if target is None else target, (count, n))
    delta = np.broadcast_to(delta, (count, n if np.ndim(delta) and np.shape(delta)[-1] == n else 1))
    data, blocks = Data(target, weights, delta), problem.blocks() if isinstance(problem, Problem) else ()
    value, equations = evaluated(problem, theta, data, blocks)
    value += extra.value(theta, np.arange(count))
    value[np.isnan(value)] = np.inf  # a start where the law has no value is no optimum
    inner = np.minimum(size, delta)
    rounding: Array = (inner * (size - inner / 2) * weights).sum(axis=1)
    return _Batch(
        problem, blocks, data, equations, np.arange(count), theta, value, rounding, np.full(count, FIRST_DAMPING),
        np.full(count, 0.3), np.zeros(count, dtype=int), np.ones(count, dtype=bool),
    )  # fmt: skip


def _advance(batch: _Batch, extra: Extra, fixed: Flags | None, least_gain: float, enough: float) -> None:
    """Try one step for every replicate, and take it where it lowers the objective."""
    problem = batch.problem
    gradient, normal = batch.equations.equations(batch.data, batch.relaxation)
    extra.add_to(gradient, normal, batch.theta, batch.index)
    held = ((batch.theta <= problem.low) & (gradient < 0)) | ((batch.theta >= problem.high) & (gradient > 0))
    if fixed is not None:
        held |= fixed if fixed.ndim < 2 else fixed[batch.index]
    step = damped_step(normal, gradient, batch.damping, held)
    trial = np.minimum(np.maximum(batch.theta + step, problem.low), problem.high)
    value, equations = evaluated(problem, trial, batch.data, batch.blocks)
    value += extra.value(trial, batch.index)
    promised = np.einsum("rk,rk->r", step, gradient)
    least = least_gain * batch.value
    # At the optimum, rounding hides whether the objective falls, but the gradient still shows where to go.
    most = np.where(promised <= least, batch.value * (1 + NOISE), batch.value)
    better = value < most
    # A rejected step is no sign of rest while the model still promises a gain: it only wants more damping.
    gain = np.where(better, batch.value - value, promised)
    is_moving = (gain > least) & (batch.value > batch.rounding)
    is_there = better & (batch.damping <= FREE_DAMPING) & (promised < enough * batch.value)
    batch.idle = np.where(is_there, PATIENCE, np.where(is_moving, 0, batch.idle + 1))
    batch.damping = np.minimum(np.maximum(batch.damping * np.where(better, EASE, STIFFEN), 1e-12), 1e12)
    relaxation = batch.relaxation * np.where(better, RELAX, TIGHTEN)
    batch.relaxation = np.minimum(np.maximum(relaxation, MOST_RELAXED), 1.0)
    (worse,) = (~better).nonzero()
    if len(worse) == len(better):
        return
    if len(worse):  # their rows are put back, because most steps are better
        trial[worse], value[worse] = batch.theta[worse], batch.value[worse]
        equations.put(worse, batch.equations)
    batch.theta, batch.value, batch.equations = trial, value, equations
