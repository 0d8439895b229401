"""Several laws as one forecast: a mean of their log losses, weighted by how well each has forecast so far.

Choosing the law that did best on a few rolling origins mostly chooses luck. Weights that are inverse to the rolling
error keep every law that is about as good, and mute one that has gone wrong; they are soft on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast.candidates import SURFACE_LAWS, Candidate, Fitted, fit_candidate, fit_replicates
from scaling_cli.analysis.forecast.windows import Points, Window
from scaling_cli.arrays import Array, Inputs
from scaling_cli.errors import FitError
from scaling_cli.fitting.uncertainty import Resampling
from scaling_cli.record import Record

SMALLEST_ERROR = 1e-6  # of log loss: exact data would divide by zero


class Stack(Record):
    """Fitted laws with their weights `(laws,)`, and the rolling origins that weighed them.

    `rolling` are root mean square errors of log loss `(laws, windows)` beyond each origin.
    """

    points: Points
    origins: tuple[Window, ...]
    fits: tuple[Fitted, ...]
    weights: Array
    rolling: Array

    @property
    def is_nested(self) -> bool:
        """Whether one of the laws has all others as special cases: resampled, it goes where they go."""
        return {fit.law.name for fit in self.fits} <= set(SURFACE_LAWS)

    def log_losses(self, columns: Mapping[str, Array]) -> Array:
        """What each law predicts at `columns` `(laws, n)`."""
        return np.stack([predict(fit, fit.theta[None], columns)[0] for fit in self.fits])

    def mean(self, log_losses: Array) -> Array:
        """The stacked forecast, from one row a law: the first axis is averaged away."""
        forecast: Array = np.tensordot(self.weights, log_losses, axes=1)
        return forecast

    def at_origins(self) -> Array:
        """The stacked forecasts `(windows, n)` that the origins would have made of all points."""
        return self.mean(np.stack([predict(fit, fit.at_origins, self.points.columns) for fit in self.fits]))

    def draw(self, resampling: Resampling) -> tuple[Array, ...]:
        """Coordinates `(replicates, k)` of each law on resampled runs; all laws see the same runs."""
        return tuple(fit_replicates(fit, resampling) for fit in self.fits)

    def replicates(self, draws: Sequence[Array], columns: Mapping[str, Array]) -> Array:
        """What the replicates predict at `columns` `(laws, replicates, n)`."""
        return np.stack([predict(fit, theta, columns) for fit, theta in zip(self.fits, draws, strict=True)])


def stack(candidates: Sequence[Candidate], points: Points, origins: Sequence[Window]) -> Stack:
    """Fit each candidate to all points and at every origin, and weigh it.

    Raises:
        FitError: No law could be fitted.
    """
    fits, failures = [], []
    for candidate in candidates:
        try:
            fits.append(fit_candidate(candidate, points, origins))
        except FitError as error:
            failures.append(error)
    if not fits:
        raise failures[0]
    rolling = np.array([_rolling_errors(fit, points, origins) for fit in fits])
    weights = np.ones(len(fits))
    if len(origins):
        weights = 1 / np.maximum(np.sqrt(np.mean(rolling**2, axis=1)), SMALLEST_ERROR)
    return Stack(points, tuple(origins), tuple(fits), weights / weights.sum(), rolling)


def predict(fit: Fitted, theta: Array, columns: Mapping[str, Array]) -> Array:
    """Log losses `(replicates, n)` of one law at raw inputs."""
    inputs = (
        _continued(fit, columns)
        if fit.law.is_curve
        else fit.law.prepare({name: columns[name] for name in fit.law.inputs})
    )
    return fit.law.evaluate(fit.problem.raw(theta), inputs)[0]


def _continued(fit: Fitted, columns: Mapping[str, Array]) -> Inputs:
    """Inputs of a law that sees each run's whole schedule: its own points, or those that continue the run `run`."""
    problem = fit.problem
    if "run" not in columns:
        return fit.law.prepare({**problem.columns, "run": problem.runs.astype(float)})
    seen = {**problem.columns, "run": problem.runs.astype(float)}
    whole = fit.law.prepare({name: np.concatenate([values, columns[name]]) for name, values in seen.items()})
    return {name: values[len(problem.runs) :] for name, values in whole.items()}


def _rolling_errors(fit: Fitted, points: Points, origins: Sequence[Window]) -> list[float]:
    if not origins:
        return []
    missed = predict(fit, fit.at_origins, points.columns) - np.log(points.observed)
    return [float(np.sqrt(np.mean(row[~origin.trained] ** 2))) for row, origin in zip(missed, origins, strict=True)]
