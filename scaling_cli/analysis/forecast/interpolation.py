"""Predictions at scales within the data, where the extrapolating forecast does not apply.

A forecast uses mainly the largest runs: below its earliest rolling origin the small runs have almost no weight, and no
origin measures the error there. For these scales the laws are fitted with equal weights and averaged by how well each
fits. Their errors need not be extrapolated: the residuals of the runs nearest to a place, in logs of the inputs,
estimate the error of a run there, and the mean of these residuals the error of the law.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from scaling_cli.analysis.forecast.candidates import fit_asking, unweighted
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.stack import SMALLEST_ERROR, Stack
from scaling_cli.analysis.forecast.stacked import StackedForecast
from scaling_cli.analysis.forecast.windows import REACHES
from scaling_cli.arrays import ALMOST_ZERO, Array, Flags, Indices
from scaling_cli.fitting.ask import Asking, certain, side_by_side
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.record import Record, replace
from scaling_cli.results.forecast import ForecastInterval, InsidePart, LawWeight, Track

NEAREST = 6  # runs whose residuals estimate the error at a place
REPLICATES = 50  # enough for a standard deviation that is seldom the largest part of the error
INSIDE = "inside"  # the name of this estimator in results


class InterpolatedForecast(Record):
    """The laws of a forecast fitted with equal weights, and the residuals of log loss `(n,)`."""

    stack: Stack
    residuals: Array
    draws: tuple[Array, ...]
    level: float

    def bands(self, columns: Mapping[str, Array]) -> Bands:
        """Log losses at `columns` `(m,)`, with half-widths from the residuals of the nearest runs."""
        by_law = self.stack.log_losses(columns)
        estimate = self.stack.mean(by_law)
        replicates = self.stack.replicates(self.draws, columns)
        variance = self.stack.mean(replicates.var(axis=1) + (by_law - estimate) ** 2)
        near = self.residuals[self._nearest(columns)]
        noise = float(self.stack.weights @ [fit.scale for fit in self.stack.fits])
        error = np.maximum(np.mean(near**2, axis=1), noise**2)
        normal = NormalDist().inv_cdf(0.5 + self.level / 2)
        return Bands(
            estimate,
            normal * np.sqrt(variance + np.mean(near, axis=1) ** 2),
            normal * np.sqrt(variance + error),
            by_law,
        )

    def laws(self) -> tuple[LawWeight, ...]:
        """The laws with their weights, heaviest first."""
        rows = zip(self.stack.fits, self.stack.weights, strict=True)
        return tuple(sorted((LawWeight(fit.candidate.name, float(weight), None) for fit, weight in rows),
                            key=lambda law: -law.weight))  # fmt: skip

    def _nearest(self, columns: Mapping[str, Array]) -> Indices:
        """The indices `(m, NEAREST)` of the points closest to each place."""
        points = self.stack.points.columns
        distance = sum((_apart(columns[name], points[name]) ** 2 for name in points), np.zeros(1))
        nearest: Indices = np.argsort(distance, axis=1, kind="stable")[:, :NEAREST]
        return nearest


def _apart(values: Array, known: Array) -> Array:
    """How far values `(m,)` are from known ones `(n,)`: in logs, or as a share of their range where some have none."""
    if (values > 0).all() and (known > 0).all():
        return np.asarray(np.log(values[:, None] / known))
    return np.asarray((values[:, None] - known) / max(float(np.ptp(known)), ALMOST_ZERO))


class JoinedForecast(Record):
    """A forecast for scales above `edge`, and an interpolation for scales below it."""

    forecast: StackedForecast
    interpolation: InterpolatedForecast
    edge: float

    @property
    def estimator(self) -> str:
        """The name of the estimator in the options."""
        return self.forecast.estimator

    @property
    def noise(self) -> float:
        """Robust scale of the log residuals."""
        return self.forecast.noise

    def part(self) -> InsidePart:
        """The edge and the laws of the interpolation, for the result."""
        return InsidePart(self.edge, self.interpolation.laws())

    def is_inside(self, scale: Array) -> Flags:
        """Which scales `(n,)` the interpolation predicts."""
        below: Flags = scale < self.edge
        return below

    def mean(self, columns: Mapping[str, Array]) -> Array:
        """Log losses `(n,)` at `columns`."""
        interpolated = self.interpolation.stack.mean(self.interpolation.stack.log_losses(columns))
        chosen: Array = np.where(self.is_inside(_scale(columns)), interpolated, self.forecast.mean(columns))
        return chosen

    def bands(self, columns: Mapping[str, Array], scale: Array) -> Bands:
        """Log losses at `columns` with half-widths; `scale` `(n,)` is the size of the runs."""
        beyond, interpolated = self.forecast.bands(columns, scale), self.interpolation.bands(columns)
        below = self.is_inside(scale)
        return Bands(
            np.where(below, interpolated.estimate, beyond.estimate),
            np.where(below, interpolated.confidence, beyond.confidence),
            np.where(below, interpolated.prediction, beyond.prediction),
            np.where(below, _rows(interpolated, len(beyond.by_law)), beyond.by_law),
        )

    def laws(self) -> tuple[LawWeight, ...]:
        """The laws with their weights in the forecast, heaviest first."""
        return self.forecast.laws()

    def interval(self) -> ForecastInterval:
        """How the bands of the forecast are computed."""
        return self.forecast.interval()

    def track(self) -> tuple[Track, ...]:
        """The errors of the forecast at each rolling origin, nearest first."""
        return self.forecast.track()


def _rows(bands: Bands, count: int) -> Array:
    """The log losses of the laws `(count, m)`, filled up with their mean, which does not change their range."""
    missing = count - len(bands.by_law)
    return np.concatenate([bands.by_law, np.tile(bands.estimate, (missing, 1))])


def join_interpolation(forecast: StackedForecast) -> Asking[JoinedForecast]:
    """The forecast, with an interpolation by its laws below the earliest cut-off of rolling origins.

    Raises:
        FitError: A law cannot be fitted with equal weights.
    """
    points = forecast.stack.points
    averaged = forecast.averaged.fits
    works = [] if forecast.inside else [fit_asking(unweighted(fit.candidate), points, ()) for fit in averaged]
    fits = tuple(certain(forecast.inside or (yield from side_by_side(works))))
    stack = Stack(points, (), fits, np.ones(len(fits)), np.empty((len(fits), 0)))
    missed = stack.log_losses(points.columns) - np.log(points.observed)
    weights = 1 / np.maximum(np.sqrt(np.mean(missed**2, axis=1)), SMALLEST_ERROR)
    stack = replace(stack, weights=weights / weights.sum())
    resampling = replace(forecast.resampling, replicates=min(forecast.resampling.replicates, REPLICATES))
    draws = yield from stack.draw(resampling)
    interpolation = InterpolatedForecast(stack, stack.mean(missed), draws, forecast.level)
    return JoinedForecast(forecast, interpolation, float(points.scale.max()) / REACHES[-1])


def _scale(columns: Mapping[str, Array]) -> Array:
    """The scale of each place: compute, or the one input."""
    if not has_params_and_tokens(columns):
        return columns["compute"] if "compute" in columns else next(iter(columns.values()))
    compute: Array = FLOPS_A_PARAM_AND_TOKEN * columns["params"] * columns["tokens"]
    return compute
