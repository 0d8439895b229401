"""A plan simulated: losses of its runs are drawn with noise, the law is fitted, and the goals are compared.

Each simulation takes one draw of the parameters as the truth, draws the losses of all runs, those that there are too,
and fits them by least squares. Its interval has the size of the noise that the residuals show, as a later fit's would.
Expected widths follow from the law's gradient at the draws and from noise that is known, so this checks the linear
approximation that the plan rests on, and what is lost by estimating the noise from few runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.plan.goals import Goal, Known, known, places
from scaling_cli.analysis.plan.ground import Columns, Ground, ground
from scaling_cli.analysis.plan.knowledge import Arm, present_compute
from scaling_cli.analysis.plan.limits import Candidates
from scaling_cli.analysis.plan.outlook import quantile, typical
from scaling_cli.arrays import Array
from scaling_cli.record import Record
from scaling_cli.results.plan import Check

SIMULATIONS = 200
STEPS = 30  # of Gauss and Newton from the truth, near which the estimates are
LEAST = 1e-13  # of the largest eigenvalue of an information matrix that is inverted


class _Fits(Record):
    """Estimates `(r, k)` of all simulations, the inverse of their information `(r, k, k)`, and their noise `(r,)`.

    The noise is in units of the noise that the plan expects.
    """

    theta: Array
    inverse: Array
    noise: Array


def simulated(
    arm: Arm, goals: Sequence[Goal], runs: Candidates, widths: Sequence[float], level: float, *,
    count: int = SIMULATIONS, seed: int = 0,
) -> Check:  # fmt: skip
    """How wide intervals of one arm's goals are if the runs are trained, over what is expected, and what they cover.

    Args:
        runs: All runs beside those that there are.
        widths: The expected widths of the goals: decades for logs.
    """
    columns = _with_present(arm, runs)
    compute = np.concatenate([runs.compute, present_compute(arm.present)]) if arm.present is not None else runs.compute
    place = ground(arm.law, [columns, *(spot for goal in goals for spot in places(goal, arm.law))])
    truth = place.coordinates(arm.parameters[np.arange(count) % len(arm.parameters)])
    spare = arm.behind + len(compute) - truth.shape[1]
    fits = _fitted(place, truth, arm, arm.noise.at(compute), np.random.default_rng([seed, len(compute)]), spare)
    ratios, coverage, first = [], [], 1
    for goal, width in zip(goals, widths, strict=True):
        there, here = (known(goal, place, theta, first) for theta in (fits.theta, truth))
        first += len(places(goal, arm.law))
        half = quantile(level, spare) * _errors(there, fits)
        off = np.abs(there.values - here.values)
        simulated_width = 2 * typical(half) / (np.log(10) if there.is_log else 1.0)
        ratios.append(float(simulated_width / width) if np.isfinite(width) else float("nan"))
        coverage.append(float(np.mean((off <= half)[np.isfinite(here.values)])))
    return Check(count, tuple(ratios), tuple(coverage))


def _with_present(arm: Arm, runs: Candidates) -> Columns:
    planned = arm.columns(runs.columns)
    if arm.present is None:
        return planned
    return {name: np.concatenate([planned[name], arm.present[name]]) for name in planned}


def _fitted(place: Ground, truth: Array, arm: Arm, sigma: Array, rng: np.random.Generator, spare: int) -> _Fits:
    """Least squares by Gauss and Newton's steps, shortened where they do not lower the sum of squares.

    What a saved fit knows is one more term of that sum, around an estimate that errs as it says.
    """
    target = place.at(0, truth)[0] + sigma * rng.standard_normal((len(truth), len(sigma)))
    known_there, spread = _saved(arm, place)
    around = truth + rng.standard_normal(truth.shape) @ spread.T
    theta, length = truth, np.ones(len(truth))
    value, inverse, step = _step(place, truth, target, sigma, around, known_there)
    for _ in range(STEPS):
        moved = theta + length[:, None] * step
        lower, *then = _step(place, moved, target, sigma, around, known_there)
        better = lower <= value
        theta, value = np.where(better[:, None], moved, theta), np.where(better, lower, value)
        inverse, step = np.where(better[:, None, None], then[0], inverse), np.where(better[:, None], then[1], step)
        length = np.where(better, np.minimum(2 * length, 1.0), length / 4)
    seen = max(arm.behind - truth.shape[1], 0)
    squares = value + (rng.chisquare(seen, len(truth)) if seen else 0.0)
    return _Fits(theta, inverse, np.sqrt(squares / max(spare, 1)))


def _step(
    place: Ground, theta: Array, target: Array, sigma: Array, around: Array, known_there: Array
) -> tuple[Array, Array, Array]:
    """The sum of squares `(r,)`, the inverse information `(r, k, k)`, and the step to the next estimate `(r, k)`."""
    log_loss, rows = place.at(0, theta)
    off, rows = (target - log_loss) / sigma, rows / sigma[:, None]
    away = around - theta
    value = (off**2).sum(axis=1) + np.einsum("rk,kl,rl->r", away, known_there, away)
    values, vectors = np.linalg.eigh(rows.swapaxes(1, 2) @ rows + known_there)
    kept = values > LEAST * values[:, -1:]
    inverse = (vectors * np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)[:, None]) @ vectors.swapaxes(1, 2)
    score = np.einsum("rnk,rn->rk", rows, off) + away @ known_there
    return np.where(np.isfinite(value), value, np.inf), inverse, np.einsum("rkl,rl->rk", inverse, score)


def _saved(arm: Arm, place: Ground) -> tuple[Array, Array]:
    """What a saved fit knows of the centred coordinates: information `(k, k)`, and a root of their covariance."""
    size = len(arm.law.parameters)
    if arm.covariance is None:
        return np.zeros((size, size)), np.zeros((size, size))
    covariance = place.shift @ arm.covariance @ place.shift.T
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(np.linalg.pinv(covariance)), np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _errors(there: Known, fits: _Fits) -> Array:
    """The standard error of a goal `(r,)`, by the noise of each fit."""
    return np.asarray(fits.noise * np.sqrt(np.einsum("rk,rkl,rl->r", there.gradient, fits.inverse, there.gradient)))
