"""Profile likelihood: for each quantity, the values that the data allow once everything else has adapted.

For a quantity q held at v, let F(v) be the least objective. Its rise over the best, in units of the noise, is compared
with Student's t squared (Bates and Watts 1988, section 6.1):

    2 (F(v) - F(best)) / s^2 <= t^2 * e,

where e is one for independent points, and where runs have several points the variance of q by runs over that by points.
No refit is made at an exact v: a stiff spring pulls q towards v, and wherever it comes to rest is a point of the
profile. The two ends of every quantity are sought at once, as one batch, by secants.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.leverage import is_free
from scaling_cli.fitting.linear import naive, noise_variance, sandwich
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.prior import strength
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.fitting.solve import Constraint, minimise

STIFFNESS = 100.0  # of the spring, against the profile's own
ROUNDS = 15
CLOSE = 1e-3  # relative, of the root of the rise
STUCK = 1e-6  # relative: a quantity that no longer follows its spring is at the end of its range
FASTEST = 3.0  # times further out in one round, at most


def profile(fitted: Fitted, level: float) -> tuple[Array, Array]:
    """Lower and upper ends `(q,)` of the quantities, on their own scale; NaN where the data set no end.

    A quantity that stops at its bound before the data rule it out has its bound as end.
    """
    from scipy.special import stdtrit

    quantities = Quantities(fitted.problem)
    best = quantities.scaled(fitted.theta[None])[0]
    by_point = naive(fitted)
    errors = by_point.errors(fitted)
    freedom, inflation = by_point.freedom, np.ones(len(best))
    if fitted.problem.run_count < len(fitted.problem.observed):
        by_run = sandwich(fitted)
        freedom, inflation = by_run.freedom, by_run.errors(fitted) / np.maximum(errors, 1e-300)
    goal = float(stdtrit(freedom, (1 + level) / 2)) * np.tile(inflation, 2)
    ends = _seek(fitted, quantities, best, errors, goal)
    fixed = (errors == 0) | ~np.isfinite(errors)
    low, high = np.where(np.tile(fixed, 2), np.nan, ends).reshape(2, -1)
    return _at_bounds(fitted, low, high)


def _seek(fitted: Fitted, quantities: Quantities, best: Array, errors: Array, goal: Array) -> Array:
    """Ends `(2q,)`, low ones first."""
    problem, count = fitted.problem, len(best)
    variance = noise_variance(fitted)
    column = np.tile(np.arange(count), 2)
    side = np.repeat([-1.0, 1.0], count)
    centre, error = best[column], np.maximum(errors[column], 1e-12)
    stiffness = STIFFNESS * variance / error**2
    pull = strength(fitted.scale, fitted.delta)
    lowest = _objective(fitted, fitted.theta[None], pull)[0]

    def measure(theta: Array, index: Indices) -> tuple[Array, Array]:
        rows, chosen = np.arange(len(theta)), column[index]
        return quantities.scaled(theta)[rows, chosen], quantities.gradients(theta)[rows, chosen]

    value = centre + side * goal * error
    theta = np.tile(problem.roused(fitted.theta[None]), (2 * count, 1))
    inner, inner_root = centre.copy(), np.zeros(2 * count)
    ends, done = np.full(2 * count, np.nan), np.zeros(2 * count, dtype=bool)
    for _ in range(ROUNDS):
        spring = Constraint(measure, value, stiffness)
        solution = minimise(problem, theta, delta=fitted.delta, strength=pull, constraint=spring)
        theta = solution.theta
        reached = quantities.scaled(theta)[np.arange(2 * count), column]
        rise = np.maximum(_objective(fitted, theta, pull) - lowest, 0.0)
        root = np.sqrt(2 * rise / variance)
        found = np.abs(root - goal) <= CLOSE * goal
        stuck = (root < goal) & (np.abs(reached - inner) <= STUCK * np.abs(value - inner)) & (inner_root > 0)
        ends = np.where(~done & (found | stuck), reached, ends)
        done |= found | stuck
        if done.all():
            break
        # A spring under load is stretched: what it lacks this time is added next time.
        stretched = np.where(np.abs(value - reached) < np.abs(reached - centre), value - reached, 0.0)
        wanted, inner, inner_root = _next(centre, reached, root, inner, inner_root, goal)
        value = wanted + stretched
    return ends


def _next(
    centre: Array, reached: Array, root: Array, inner: Array, inner_root: Array, goal: Array
) -> tuple[Array, Array, Array]:
    """Where each secant meets its goal, and the point nearer the goal to draw the next one from."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (root - inner_root) / (reached - inner)
        step = np.where(np.isfinite(1 / slope), (goal - root) / slope, 0.0)
    outward = reached - centre
    limit = (FASTEST - 1) * np.abs(outward)
    step = np.clip(step, -0.9 * np.abs(outward), limit)
    return reached + np.where(step == 0, outward, step), reached, root


def _objective(fitted: Fitted, theta: Array, pull: float) -> Array:
    from scaling_cli.fitting.objective import huber

    problem = fitted.problem
    found = huber(problem.residuals(theta)[0], problem.weights, fitted.delta)
    if problem.penalty is not None:
        found = found + 0.5 * pull * (problem.penalty.residuals(theta)[0] ** 2).sum(axis=1)
    return found


def _at_bounds(fitted: Fitted, low: Array, high: Array) -> tuple[Array, Array]:
    """A parameter that sits at its bound has that bound as its end."""
    k = len(fitted.theta)
    held = ~is_free(fitted)
    low[:k] = np.where(held & (fitted.theta <= fitted.problem.low), fitted.theta, low[:k])
    high[:k] = np.where(held & (fitted.theta >= fitted.problem.high), fitted.theta, high[:k])
    return low, high
