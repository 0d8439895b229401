"""Approach 2: the minimum of each IsoFLOP curve, by the exact curve, a parabola or a spline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints, Budget
from scaling_cli.analysis.allocation.isoflop.minima import akima, parabola, parabola_bias
from scaling_cli.analysis.allocation.isoflop.profile import SHARED, profile_law
from scaling_cli.analysis.allocation.lines import PowerLine, power_line
from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.drawing import Resampling, run_weights, turned
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.uncertainty import bootstrap, wild
from scaling_cli.record import Record

CONCAVE, UNBRACKETED = "has a loss curve that bends downwards", "has its minimum outside its runs"


class SharedShape(Record):
    """The parameters that all exact curves share, each `(replicates,)`."""

    floor: Array
    alpha: Array
    beta: Array


class Minima(Record):
    """Minima by one profile: log params, log tokens and loss `(replicates, budgets)`; NaN for no minimum."""

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
        """The minima with NaN for the budgets that are refused."""
        mask = np.array(refused)
        blank = {name: np.where(mask, np.nan, getattr(self, name)) for name in ("log_params", "log_tokens", "loss")}
        return Minima(self.profile, self.log_compute, **blank)


class CurveCheck(Record):
    """Checks of one budget's curve by a parabola, for every profile; `refused` is empty if the curve can be used."""

    curvature: float
    parabola_vertex: float
    refused: str


def check_curves(points: AllocationPoints, budgets: Sequence[Budget]) -> list[CurveCheck]:
    """The check of each budget's curve."""
    checks = []
    for budget in budgets:
        x, y = points.log_params[budget.index], points.loss[budget.index]
        vertex, _, curvature = parabola(x, y, np.ones((1, len(x))))
        refused = "" if curvature[0] > 0 else CONCAVE
        checks.append(CurveCheck(float(curvature[0]), float(vertex[0]), refused))
    return checks


class ReplicateData(Record):
    """Data of replicates: weights and losses of all points `(replicates, n)`; row 0 is the observed data."""

    weights: Array
    loss: Array


class ExactFit(Record):
    """The exact curve fitted to some budgets; `index` are its points, `span` the range of sizes."""

    fitted: Fitted
    budgets: tuple[Budget, ...]
    index: Indices
    span: Array

    def replicates(self, settings: Settings, resampling: Resampling | None) -> Array:
        """Coordinates `(replicates, k)`; row 0 is the estimate."""
        theta = self.fitted.theta[None]
        if resampling is None:
            return theta
        repeat = wild if settings.interval == "wild" else bootstrap
        drawn = repeat(self.fitted, resampling, workers=settings.workers, on_progress=settings.on_progress)
        return np.concatenate([theta, drawn.theta])

    def minima(self, points: AllocationPoints, theta: Array) -> tuple[Minima, SharedShape]:
        """Minima of all curves, and the parameters that they share.

        A minimum outside the runs of its budget would be an extrapolation, so it is NaN, in replicates as well.
        """
        count = len(self.budgets)
        best = theta[:, SHARED : SHARED + count]
        best = np.where((best >= self.span[0]) & (best <= self.span[1]), best, np.nan)
        shape = SharedShape(theta[:, 0], theta[:, 1], theta[:, 2])
        return _minima("exact", points, self.budgets, best, np.exp(theta[:, SHARED + count :])), shape


def fit_exact(points: AllocationPoints, budgets: Sequence[Budget], settings: Settings) -> ExactFit:
    """The exact curve through these budgets.

    Raises:
        FitError: No start led to a finite objective.
    """
    law, index, columns = profile_law(points, budgets)
    _, runs = np.unique(points.resampled[index], return_inverse=True)
    problem = problem_from_arrays(law, columns, points.loss[index], runs)
    return ExactFit(optimum(problem, settings.objective), tuple(budgets), index, law.span)


def replicate_data(
    points: AllocationPoints, exact: ExactFit | None, settings: Settings, resampling: Resampling | None
) -> ReplicateData:
    """Replicates for a parabola or a spline: runs drawn with replacement, or the exact curve plus wild residuals."""
    ones = np.ones((1, len(points.loss)))
    if resampling is None:
        return ReplicateData(ones, points.loss[None])
    everyone = range(resampling.replicates)
    if settings.interval != "wild" or exact is None:
        weights = np.concatenate([ones, run_weights(resampling, everyone, points.resampled)])
        return ReplicateData(weights, np.broadcast_to(points.loss, weights.shape))
    loss = np.tile(points.loss, (resampling.replicates + 1, 1))
    loss[1:, exact.index] = np.exp(turned(exact.fitted).draw(exact.fitted.problem, resampling, everyone)[1])
    return ReplicateData(np.broadcast_to(ones, loss.shape), loss)


def curve_minima(profile: str, points: AllocationPoints, budgets: Sequence[Budget], data: ReplicateData) -> Minima:
    """Minima of all budgets by the profile `parabola` or `akima`."""
    places, losses = [], []
    for budget in budgets:
        x, weights, y = points.log_params[budget.index], data.weights[:, budget.index], data.loss[:, budget.index]
        if profile == "parabola":
            place, loss, _ = parabola(x, y, weights)
        else:
            minima = np.array(
                [akima(x[row > 0], losses_of_row[row > 0]) for row, losses_of_row in zip(weights, y, strict=True)]
            )
            place, loss = minima[:, 0], minima[:, 1]
        places.append(place)
        losses.append(loss)
    return _minima(profile, points, budgets, np.stack(places, axis=1), np.stack(losses, axis=1))


def _minima(profile: str, points: AllocationPoints, budgets: Sequence[Budget], places: Array, losses: Array) -> Minima:
    logs = np.array([budget.log_compute for budget in budgets])
    # FLOPs per param and token by the compute of the budget's runs: 6, or more with attention.
    rate = np.array(
        [
            np.mean((points.log_compute - points.log_params - points.log_tokens)[budget.index]) for budget in budgets
        ]
    )  # fmt: skip
    return Minima(profile, logs, places, logs - rate - places, losses)


def resampling_of(settings: Settings, group: int) -> Resampling | None:
    """The replicates to draw; None if no interval is wanted."""
    return None if settings.interval == "none" else Resampling(settings.replicates, settings.seed, group)


def biases(points: AllocationPoints, budgets: Sequence[Budget], minima: Minima, shape: SharedShape) -> Array:
    """The bias of the parabola in log params `(budgets,)` on each grid, by the exact curve; NaN without a vertex."""
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
