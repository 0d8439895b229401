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
from scaling_cli.arrays import Array, Flags
from scaling_cli.fitting.solve import minimise
from scaling_cli.record import Record
from scaling_cli.results.plan import Check

SIMULATIONS = 200
LEAST = 1e-13  # of the largest eigenvalue of an information matrix that is inverted
SINGULAR = 1e-15  # the same of the covariance of a saved fit


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
    """Least squares from the truth, near which the estimates are.

    What a saved fit knows is one more term of the sum of squares, around an estimate that errs as it says.
    """
    root, spread = _saved(arm, place)
    losses = place.at(0, truth)[0] + sigma * rng.standard_normal((len(truth), len(sigma)))
    around = (truth + rng.standard_normal((len(truth), spread.shape[1])) @ spread.T) @ root.T
    target, weights = np.hstack([losses, around]), np.append(1 / sigma**2, np.ones(len(root)))
    told = _Told(place, target[0], weights, root)
    solution = minimise(told, truth, delta=np.inf, target=target)
    rows = told.residuals(solution.theta)[1]
    values, vectors = np.linalg.eigh(rows.swapaxes(1, 2) * weights @ rows)
    kept = values > LEAST * values[:, -1:]
    inverse = (vectors * np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)[:, None]) @ vectors.swapaxes(1, 2)
    seen = max(arm.behind - truth.shape[1], 0)
    squares = 2 * solution.value + (rng.chisquare(seen, len(truth)) if seen else 0.0)
    return _Fits(solution.theta, inverse, np.sqrt(squares / max(spare, 1)))


class _Told(Record):
    """The log losses of all runs `(n,)`, and what a saved fit knows `(m,)`, as one problem for the solver.

    `root` `(m, k)` turns coordinates into independent numbers of unit variance.
    """

    place: Ground
    target: Array
    weights: Array
    root: Array
    penalty: None = None

    @property
    def low(self) -> Array:
        """No lower bounds."""
        return np.full(self.root.shape[1], -np.inf)

    @property
    def high(self) -> Array:
        """No upper bounds."""
        return np.full(self.root.shape[1], np.inf)

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Target less prediction `(r, n + m)`, and the prediction's Jacobian `(r, n + m, k)`."""
        log_loss, rows = self.place.at(0, theta)
        predicted = np.hstack([log_loss, theta @ self.root.T])
        slopes = np.concatenate([rows, np.broadcast_to(self.root, (len(theta), *self.root.shape))], axis=1)
        return (self.target if target is None else target) - predicted, slopes

    def kept(self, _: Flags) -> _Told:
        """All replicates have the same problem."""
        return self


def _saved(arm: Arm, place: Ground) -> tuple[Array, Array]:
    """Roots of what a saved fit knows of the centred coordinates: of its information `(m, k)` and covariance `(k, m)`.

    Both are empty where there is no saved fit.
    """
    size = len(arm.law.parameters)
    if arm.covariance is None:
        return np.empty((0, size)), np.empty((size, 0))
    values, vectors = np.linalg.eigh(place.shift @ arm.covariance @ place.shift.T)
    known = values > SINGULAR * values[-1]
    spread = vectors[:, known] * np.sqrt(values[known])
    return (vectors[:, known] / np.sqrt(values[known])).T, spread


def _errors(there: Known, fits: _Fits) -> Array:
    """The standard error of a goal `(r,)`, by the noise of each fit."""
    return np.asarray(fits.noise * np.sqrt(np.einsum("rk,rkl,rl->r", there.gradient, fits.inverse, there.gradient)))
