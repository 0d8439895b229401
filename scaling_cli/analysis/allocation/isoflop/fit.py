"""Approach 2: the minimum of each IsoFLOP curve, and a power law of compute through the minima."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import Budget, Points
from scaling_cli.analysis.allocation.isoflop.minima import akima, parabola, parabola_bias
from scaling_cli.analysis.allocation.isoflop.profile import SHARED, profile_law
from scaling_cli.analysis.allocation.lines import PowerLine, power_line
from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.leverage import freed_residuals, freedom, residuals
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.uncertainty import Resampling, bootstrap, run_multipliers, run_weights, wild
from scaling_cli.record import Record

CONCAVE, UNBRACKETED = "curves the wrong way", "has its minimum outside its runs"


class Shape(Record):
    """What all exact curves share, each `(replicates,)`."""

    floor: Array
    alpha: Array
    beta: Array


class Minima(Record):
    """Minima by one profile: log params, log tokens and loss `(replicates, budgets)`; NaN where there is none."""

    profile: str
    log_compute: Array
    log_params: Array
    log_tokens: Array
    loss: Array

    def params_line(self) -> PowerLine:
        """Best params as a power of compute."""
        return power_line(self.log_compute, self.log_params)

    def tokens_line(self) -> PowerLine:
        """Best tokens as a power of compute."""
        return power_line(self.log_compute, self.log_tokens)

    def without(self, refused: Sequence[bool]) -> Minima:
        """The same with refused budgets left out."""
        mask = np.array(refused)
        blank = {name: np.where(mask, np.nan, getattr(self, name)) for name in ("log_params", "log_tokens", "loss")}
        return Minima(self.profile, self.log_compute, **blank)


class Verdict(Record):
    """Facts about one budget's curve that do not depend on the profile; `refused` is empty where it may be used."""

    curvature: float
    parabola_vertex: float
    refused: str


def verdicts(points: Points, budgets: Sequence[Budget]) -> list[Verdict]:
    """What a parabola says of each budget."""
    found = []
    for budget in budgets:
        x, y = points.log_params[budget.index], points.loss[budget.index]
        vertex, _, curvature = parabola(x, y, np.ones((1, len(x))))
        refused = "" if curvature[0] > 0 else CONCAVE
        found.append(Verdict(float(curvature[0]), float(vertex[0]), refused))
    return found


class Redrawn(Record):
    """Data of replicates: weights and losses of all points `(replicates, n)`, row 0 those observed."""

    weights: Array
    loss: Array


class Exact(Record):
    """The exact curve fitted to some budgets: `index` are its points among all."""

    fitted: Fitted
    budgets: tuple[Budget, ...]
    index: Indices
    span: Array

    def replicates(self, settings: Settings, resampling: Resampling | None) -> Array:
        """Coordinates `(replicates, k)`, row 0 the estimate."""
        theta = self.fitted.theta[None]
        if resampling is None:
            return theta
        repeat = wild if settings.interval == "wild" else bootstrap
        drawn = repeat(self.fitted, resampling, workers=settings.workers, on_progress=settings.on_progress)
        return np.concatenate([theta, drawn.theta])

    def minima(self, points: Points, theta: Array) -> tuple[Minima, Shape]:
        """Minima of all curves, and what they share.

        A minimum beyond the runs of its budget is an extrapolation of their curve: no answer, in replicates neither.
        """
        count = len(self.budgets)
        best = theta[:, SHARED : SHARED + count]
        depth = np.exp(theta[:, SHARED + count :])
        best = np.where((best >= self.span[0]) & (best <= self.span[1]), best, np.nan)
        shape = Shape(theta[:, 0], theta[:, 1], theta[:, 2])
        return _minima("exact", points, self.budgets, best, theta[:, 0, None] + depth), shape


def fit_exact(points: Points, budgets: Sequence[Budget], settings: Settings) -> Exact:
    """The exact curve through these budgets.

    Raises:
        FitError: No start leads anywhere.
    """
    law, index, columns = profile_law(points, budgets)
    _, runs = np.unique(points.runs[index], return_inverse=True)
    problem = problem_from_arrays(law, columns, points.loss[index], runs)
    return Exact(optimum(problem, settings.objective), tuple(budgets), index, law.span)


def redraw(points: Points, exact: Exact | None, settings: Settings, resampling: Resampling | None) -> Redrawn:
    """Data to repeat a parabola or a spline on: runs drawn again, or the exact curve with residuals turned."""
    ones = np.ones((1, len(points.loss)))
    if resampling is None:
        return Redrawn(ones, points.loss[None])
    everyone = range(resampling.replicates)
    if settings.interval != "wild" or exact is None:
        weights = np.concatenate([ones, run_weights(resampling, everyone, points.runs)])
        return Redrawn(weights, np.broadcast_to(points.loss, weights.shape))
    fitted, problem = exact.fitted, exact.fitted.problem
    factors = run_multipliers(resampling, everyone, problem.run_count, freedom(fitted))[:, problem.runs]
    loss = np.tile(points.loss, (resampling.replicates + 1, 1))
    loss[1:, exact.index] = np.exp(problem.target - residuals(fitted) + factors * freed_residuals(fitted))
    return Redrawn(np.broadcast_to(ones, loss.shape), loss)


def curve_minima(profile: str, points: Points, budgets: Sequence[Budget], data: Redrawn) -> Minima:
    """Minima by `parabola` or `akima`, budget by budget."""
    places, losses = [], []
    for budget in budgets:
        x, weights, y = points.log_params[budget.index], data.weights[:, budget.index], data.loss[:, budget.index]
        if profile == "parabola":
            place, loss, _ = parabola(x, y, weights)
        else:
            found = np.array([akima(x[row > 0], each[row > 0]) for row, each in zip(weights, y, strict=True)])
            place, loss = found[:, 0], found[:, 1]
        places.append(place)
        losses.append(loss)
    return _minima(profile, points, budgets, np.stack(places, axis=1), np.stack(losses, axis=1))


def _minima(profile: str, points: Points, budgets: Sequence[Budget], places: Array, losses: Array) -> Minima:
    logs = np.array([budget.log_compute for budget in budgets])
    # FLOPs a param and token as the runs of the budget counted them: 6, or more with attention.
    rate = np.array(
        [
            np.mean((points.log_compute - points.log_params - points.log_tokens)[budget.index]) for budget in budgets
        ]
    )  # fmt: skip
    return Minima(profile, logs, places, logs - rate - places, losses)


def resampling_of(settings: Settings, group: int) -> Resampling | None:
    """What to draw, or None where no interval is wanted."""
    return None if settings.interval == "none" else Resampling(settings.replicates, settings.seed, group)


def biases(points: Points, budgets: Sequence[Budget], minima: Minima, shape: Shape) -> Array:
    """The parabola's error in log params `(budgets,)` on each grid, by the exact curve; NaN without a vertex."""
    return np.array(
        [
            parabola_bias(
                float(shape.alpha[0]), float(shape.beta[0]), points.log_params[budget.index] - minima.log_params[0, i]
            )
            if np.isfinite(minima.log_params[0, i])
            else np.nan
            for i, budget in enumerate(budgets)
        ]
    )
