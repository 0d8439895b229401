"""What is told of places inside the data, where a forecast is not meant to be read.

A forecast heeds the largest runs alone: below its earliest rolling origin the small runs weigh next to nothing, and no
origin says how far off it is. There the same laws are fitted with all points alike, and averaged by how well each fits.
What is wrong with them is seen and need not be guessed: the residuals of the runs nearest to a place, in logs of the
inputs, stand for its error, and their mean for that of the law.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from scaling_cli.analysis.forecast.candidates import fit_candidate
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.stack import SMALLEST_ERROR, Stack
from scaling_cli.analysis.forecast.stacked import Forecast
from scaling_cli.analysis.forecast.targets import SURFACE
from scaling_cli.analysis.forecast.windows import REACHES
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.record import Record, replace
from scaling_cli.results.forecast import ForecastInterval, InsidePart, LawWeight, Track

NEAREST = 6  # runs whose residuals stand for a place
REPLICATES = 50  # enough for a standard deviation that seldom decides
INSIDE = "inside"  # the estimator, as results name it


class Inside(Record):
    """The laws of a forecast with all points alike, and their residuals of log loss `(n,)`."""

    stack: Stack
    residuals: Array
    draws: tuple[Array, ...]
    level: float

    def bands(self, columns: Mapping[str, Array]) -> Bands:
        """Log losses at `columns` `(m,)`, with half-widths from the residuals nearby."""
        by_law = self.stack.log_losses(columns)
        estimate = self.stack.mean(by_law)
        replicates = self.stack.replicates(self.draws, columns)
        apart = self.stack.mean(replicates.var(axis=1) + (by_law - estimate) ** 2)
        near = self.residuals[self._nearest(columns)]
        noise = float(self.stack.weights @ [fit.scale for fit in self.stack.fits])
        error = np.maximum(np.mean(near**2, axis=1), noise**2)
        normal = NormalDist().inv_cdf(0.5 + self.level / 2)
        return Bands(
            estimate,
            normal * np.sqrt(apart + np.mean(near, axis=1) ** 2),
            normal * np.sqrt(apart + error),
            by_law,
        )

    def laws(self) -> tuple[LawWeight, ...]:
        """The laws with their weights, heaviest first."""
        rows = zip(self.stack.fits, self.stack.weights, strict=True)
        return tuple(sorted((LawWeight(fit.candidate.name, float(weight), None) for fit, weight in rows),
                            key=lambda each: -each.weight))  # fmt: skip

    def _nearest(self, columns: Mapping[str, Array]) -> Indices:
        """The points `(m, nearest)` closest to each place."""
        points = self.stack.points.columns
        apart = sum((np.log(columns[name][:, None] / points[name]) ** 2 for name in points), np.zeros(1))
        found: Indices = np.argsort(apart, axis=1, kind="stable")[:, :NEAREST]
        return found


class Joined(Record):
    """A forecast, and `inside` for scales below `edge`."""

    forecast: Forecast
    inside: Inside
    edge: float

    @property
    def estimator(self) -> str:
        """As the options name it."""
        return self.forecast.estimator

    @property
    def noise(self) -> float:
        """Robust scale of the log residuals."""
        return self.forecast.noise

    def part(self) -> InsidePart:
        """What tells places inside the data."""
        return InsidePart(self.edge, self.inside.laws())

    def is_inside(self, scale: Array) -> Flags:
        """Which scales `(n,)` are told by `inside`."""
        below: Flags = scale < self.edge
        return below

    def mean(self, columns: Mapping[str, Array]) -> Array:
        """Log losses `(n,)`."""
        inside = self.inside.stack.mean(self.inside.stack.log_losses(columns))
        chosen: Array = np.where(self.is_inside(_scale(columns)), inside, self.forecast.mean(columns))
        return chosen

    def bands(self, columns: Mapping[str, Array], scale: Array) -> Bands:
        """The same with half-widths, where `scale` `(n,)` is the size of the runs."""
        beyond, inside = self.forecast.bands(columns, scale), self.inside.bands(columns)
        below = self.is_inside(scale)
        return Bands(
            np.where(below, inside.estimate, beyond.estimate),
            np.where(below, inside.confidence, beyond.confidence),
            np.where(below, inside.prediction, beyond.prediction),
            np.where(below, inside.by_law, beyond.by_law),
        )

    def laws(self) -> tuple[LawWeight, ...]:
        """The laws with their weights in the forecast, heaviest first."""
        return self.forecast.laws()

    def interval(self) -> ForecastInterval:
        """What the bands of the forecast rest on."""
        return self.forecast.interval()

    def track(self) -> tuple[Track, ...]:
        """What each rolling origin would have got wrong, nearest first."""
        return self.forecast.track()


def joined(forecast: Forecast) -> Joined:
    """The forecast with its laws fitted to all points alike below the earliest cut-off that an origin can have.

    Raises:
        FitError: A law cannot be fitted so.
    """
    points = forecast.stack.points
    fits = tuple(fit_candidate(replace(fit.candidate, power=0.0), points, ()) for fit in forecast.stack.fits)
    alike = Stack(points, (), fits, np.ones(len(fits)) / len(fits), np.empty((len(fits), 0)))
    missed = alike.log_losses(points.columns) - np.log(points.observed)
    weights = 1 / np.maximum(np.sqrt(np.mean(missed**2, axis=1)), SMALLEST_ERROR)
    alike = replace(alike, weights=weights / weights.sum())
    resampling = replace(forecast.resampling, replicates=min(forecast.resampling.replicates, REPLICATES))
    inside = Inside(alike, alike.mean(missed), alike.draw(resampling), forecast.level)
    return Joined(forecast, inside, float(points.scale.max()) / REACHES[-1])


def _scale(columns: Mapping[str, Array]) -> Array:
    """Compute, or the one input."""
    if not set(SURFACE) <= set(columns):
        return next(iter(columns.values()))
    compute: Array = FLOPS_A_PARAM_AND_TOKEN * columns["params"] * columns["tokens"]
    return compute
