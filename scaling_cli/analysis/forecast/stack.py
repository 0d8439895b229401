"""A stack of laws: the mean of their log losses, weighted by how well each law forecasts at the rolling origins.

The law that did best on a few rolling origins is often best by chance. Weights inversely proportional to the rolling
error keep all laws of similar accuracy and reduce the effect of one that failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast.candidates import (
    SURFACE_LAWS,
    FittedCandidate,
    fit_replicates,
)
from scaling_cli.analysis.forecast.windows import ForecastPoints, Window
from scaling_cli.arrays import Array, Inputs
from scaling_cli.errors import FitError, ScalingError
from scaling_cli.fitting.ask import Asking, certain, side_by_side
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.record import Record

SMALLEST_ERROR = 1e-6  # of log loss: avoids a division by zero for exact data


class Stack(Record):
    """Fitted laws with their weights `(laws,)`, and the rolling origins that determined the weights.

    `rolling` holds the root mean square errors of log loss `(laws, windows)` beyond each origin.
    """

    points: ForecastPoints
    origins: tuple[Window, ...]
    fits: tuple[FittedCandidate, ...]
    weights: Array
    rolling: Array

    @property
    def is_nested(self) -> bool:
        """Whether one of the laws has all others as special cases, so that its replicates include their spread."""
        return {fit.law.name for fit in self.fits} <= set(SURFACE_LAWS)

    def log_losses(self, columns: Mapping[str, Array]) -> Array:
        """The log loss that each law predicts at `columns` `(laws, n)`."""
        return np.stack([predict(fit, fit.theta[None], columns)[0] for fit in self.fits])

    def mean(self, log_losses: Array) -> Array:
        """The stacked forecast: the weighted mean over the first axis, which is that of the laws."""
        forecast: Array = np.tensordot(self.weights, log_losses, axes=1)
        return forecast

    def at_origins(self) -> Array:
        """The stacked forecasts `(windows, n)` of all points that each origin makes."""
        return self.mean(np.stack([predict(fit, fit.at_origins, self.points.columns) for fit in self.fits]))

    def draw(self, resampling: Resampling) -> Asking[tuple[Array, ...]]:
        """Coordinates `(replicates, k)` of each law on resampled runs; a replicate has equal runs for all laws."""
        return tuple(certain((yield from side_by_side([fit_replicates(fit, resampling) for fit in self.fits]))))

    def replicates(self, draws: Sequence[Array], columns: Mapping[str, Array]) -> Array:
        """The log losses that the replicates predict at `columns` `(laws, replicates, n)`."""
        return np.stack([predict(fit, theta, columns) for fit, theta in zip(self.fits, draws, strict=True)])


def stacked(
    outcomes: Sequence[FittedCandidate | ScalingError], points: ForecastPoints, origins: Sequence[Window]
) -> Stack:
    """The stack of those candidates that could be fitted.

    Raises:
        FitError: No law could be fitted.
    """
    fits, failures = [], []
    for outcome in outcomes:
        if isinstance(outcome, FittedCandidate):
            fits.append(outcome)
        elif isinstance(outcome, FitError):
            failures.append(outcome)
        else:
            raise outcome
    if not fits:
        raise failures[0]
    rolling = np.array([rolling_errors(fit, points, origins) for fit in fits])
    weights = np.ones(len(fits))
    if len(origins):
        weights = 1 / np.maximum(np.sqrt(np.mean(rolling**2, axis=1)), SMALLEST_ERROR)
    return Stack(points, tuple(origins), tuple(fits), weights / weights.sum(), rolling)


def predict(fit: FittedCandidate, theta: Array, columns: Mapping[str, Array]) -> Array:
    """Log losses `(replicates, n)` of one law at raw inputs."""
    inputs = (
        _continued(fit, columns)
        if fit.law.is_curve
        else fit.law.prepare({name: columns[name] for name in fit.law.inputs})
    )
    return fit.law.evaluate(fit.problem.raw(theta), inputs)[0]


def _continued(fit: FittedCandidate, columns: Mapping[str, Array]) -> Inputs:
    """Inputs of a law of whole schedules: the points of the fit, or points that continue the runs in `run`."""
    problem = fit.problem
    if "run" not in columns:
        return fit.law.prepare({**problem.columns, "run": problem.runs.astype(float)})
    seen = {**problem.columns, "run": problem.runs.astype(float)}
    whole = fit.law.prepare({name: np.concatenate([values, columns[name]]) for name, values in seen.items()})
    return {name: values[len(problem.runs) :] for name, values in whole.items()}


def rolling_errors(fit: FittedCandidate, points: ForecastPoints, origins: Sequence[Window]) -> list[float]:
    """The root mean square error of log loss of one law beyond each origin."""
    if not origins:
        return []
    missed = predict(fit, fit.at_origins, points.columns) - np.log(points.observed)
    return [float(np.sqrt(np.mean(row[~origin.trained] ** 2))) for row, origin in zip(missed, origins, strict=True)]
