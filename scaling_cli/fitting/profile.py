"""Intervals by profile likelihood: the values of a quantity that the data allow when all else is fitted again.

With a quantity q held at v, let F(v) be the lowest objective. Its rise above the best, in units of the noise, is
compared with Student's t squared (Bates and Watts 1988, section 6.1):

    2 (F(v) - F(best)) / s^2 <= t^2 * e,

where e is 1 for independent points of equal noise. If runs have several points, e is the variance of q from runs over
its variance from points; if noise clearly changes with scale, e is the variance of q from this noise over that from
equal noise. No fit is made at an exact v: a quadratic penalty (a stiff spring) pulls q towards v, and the value that q
takes gives a point of the profile. Both ends of all quantities are searched in one batch, by the secant method.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Indices
from scaling_cli.fitting.extra import Constraint
from scaling_cli.fitting.leverage import is_free
from scaling_cli.fitting.linear import naive, noise_variance, sandwich
from scaling_cli.fitting.noise.model import uneven_errors
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.prior import strength
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.fitting.solve import minimise

STIFFNESS = 100.0  # of the spring, in units of the profile's curvature
ROUNDS = 15
CLOSE = 1e-3  # relative tolerance of the root of the rise
STUCK = 1e-6  # relative: a quantity that moves less than this towards its target is at the end of its range
FASTEST = 3.0  # largest factor by which the distance from the estimate grows in one round


def profile(fitted: Fitted, level: float) -> tuple[Array, Array]:
    """Lower and upper ends `(q,)` of the quantities' intervals, on their own scale; NaN where the data set no limit.

    If the data allow all values up to a quantity's bound, the bound is the end.
    """
    from scipy.special import stdtrit

    quantities = Quantities(fitted.problem)
    best = quantities.scaled(fitted.theta[None])[0]
    by_point = naive(fitted)
    errors = by_point.errors(fitted)
    freedom, inflation, uneven = by_point.freedom, np.ones(len(best)), uneven_errors(fitted)
    if fitted.problem.run_count < len(fitted.problem.observed):
        by_run = sandwich(fitted)
        freedom, inflation = by_run.freedom, by_run.errors(fitted) / np.maximum(errors, ALMOST_ZERO)
    elif uneven is not None:
        inflation = uneven / np.maximum(errors, ALMOST_ZERO)
    goal = float(stdtrit(freedom, (1 + level) / 2)) * np.tile(inflation, 2)
    ends = _seek(fitted, quantities, best, errors, goal)
    fixed = (errors == 0) | ~np.isfinite(errors)
    low, high = np.where(np.tile(fixed, 2), np.nan, ends).reshape(2, -1)
    return _at_bounds(fitted, low, high)


def _seek(fitted: Fitted, quantities: Quantities, best: Array, errors: Array, goal: Array) -> Array:
    """Ends `(2q,)`, all lower ones first."""
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
    theta = np.tile(problem.off_zero(fitted.theta[None]), (2 * count, 1))
    inner, inner_root = centre.copy(), np.zeros(2 * count)
    ends, done = np.full(2 * count, np.nan), np.zeros(2 * count, dtype=bool)
    for _ in range(ROUNDS):
        spring = Constraint(measure, value, stiffness)
        solution = minimise(problem, theta, delta=fitted.delta, strength=pull, constraint=spring)
        theta = solution.theta
        reached = quantities.scaled(theta)[np.arange(2 * count), column]
        rise = np.maximum(_objective(fitted, theta, pull) - lowest, 0.0)
        root = np.sqrt(2 * rise / variance)
        reached_goal = np.abs(root - goal) <= CLOSE * goal
        stuck = (root < goal) & (np.abs(reached - inner) <= STUCK * np.abs(value - inner)) & (inner_root > 0)
        ends = np.where(~done & (reached_goal | stuck), reached, ends)
        done |= reached_goal | stuck
        if done.all():
            break
        # The spring stretches under load: the shortfall of this round is added to the next target.
        stretched = np.where(np.abs(value - reached) < np.abs(reached - centre), value - reached, 0.0)
        wanted, inner, inner_root = _next(centre, reached, root, inner, inner_root, goal)
        value = wanted + stretched
    return ends


def _next(
    centre: Array, reached: Array, root: Array, inner: Array, inner_root: Array, goal: Array
) -> tuple[Array, Array, Array]:
    """The value at which each secant reaches its goal, and the point from which the next secant is drawn."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (root - inner_root) / (reached - inner)
        step = np.where(np.isfinite(1 / slope), (goal - root) / slope, 0.0)
    outward = reached - centre
    side, distance = np.sign(outward), np.abs(outward)
    step = side * np.clip(side * step, -0.9 * distance, (FASTEST - 1) * distance)
    return reached + np.where(step == 0, outward, step), reached, root


def _objective(fitted: Fitted, theta: Array, pull: float) -> Array:
    from scaling_cli.fitting.objective import huber

    problem = fitted.problem
    value = huber(problem.residuals(theta)[0], problem.weights, fitted.delta)
    if problem.penalty is not None:
        value = value + 0.5 * pull * (problem.penalty.residuals(theta)[0] ** 2).sum(axis=1)
    return value


def _at_bounds(fitted: Fitted, low: Array, high: Array) -> tuple[Array, Array]:
    """The ends, with the bound as the end of each parameter that is at its bound."""
    k = len(fitted.theta)
    held = ~is_free(fitted)
    low[:k] = np.where(held & (fitted.theta <= fitted.problem.low), fitted.theta, low[:k])
    high[:k] = np.where(held & (fitted.theta >= fitted.problem.high), fitted.theta, high[:k])
    return low, high
