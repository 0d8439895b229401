"""The default forecaster of `scaling extrapolate`: a stack of laws with intervals, from one group of runs.

The forecast is a mean of two: that of the laws weighted by their errors at the rolling origins (`averaged`), and that
of the simplest law, by the probability that it holds (`simplest`). Intervals are those of `averaged`: the fit of the
simplest law to runs that follow it is better than its errors at origins show, but where it breaks at the largest runs,
nothing else than the errors of the other laws shows how far the forecast may be off. Forecasts of surfaces of params
and tokens also have a shift and intervals of their own (`surface_errors`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np

from scaling_cli.analysis.forecast.candidates import (
    FittedCandidate,
    ForecastCandidate,
    candidates,
    fit_asking,
    unweighted,
)
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.recipe import DEFAULT, Recipe
from scaling_cli.analysis.forecast.rolling import OriginErrors, growth, unit_bias, unit_error
from scaling_cli.analysis.forecast.simplest import with_simplest
from scaling_cli.analysis.forecast.stack import Stack, stacked
from scaling_cli.analysis.forecast.surface_errors import Shift, half_widths, shift
from scaling_cli.analysis.forecast.windows import ForecastPoints, windows
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError, ScalingError
from scaling_cli.fitting.ask import Asking, alone, side_by_side
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.laws import Law
from scaling_cli.numbers.surface import SURFACE
from scaling_cli.record import Record, replace
from scaling_cli.results.forecast import ForecastInterval, LawWeight, Track

FEWEST_POINTS = 4
REPLICATES = 200  # for a standard deviation, which needs fewer than a percentile


class StackedForecast(Record):
    """A stack of laws, and the part of it without the simplest law, whose errors at the origins give the intervals.

    `draws` are the replicates of each law of `stack`, which begins with the laws of `averaged`. `shift` is taken off
    the forecast of a surface by the default laws. `inside` are the laws of `averaged` fitted with equal weights, where
    they were asked for.
    """

    stack: Stack
    averaged: Stack
    errors: tuple[OriginErrors, ...]
    draws: tuple[Array, ...]
    level: float
    resampling: Resampling
    shift: Shift | None = None
    inside: tuple[FittedCandidate | ScalingError, ...] = ()

    @property
    def estimator(self) -> str:
        """The name of the estimator in the options."""
        return "forecast"

    @property
    def noise(self) -> float:
        """Robust scale of the log residuals, averaged over the laws by their weights."""
        return float(self.stack.weights @ [fit.scale for fit in self.stack.fits])

    @property
    def simplest(self) -> float:
        """The weight of the simplest law."""
        return float(self.stack.weights[-1]) if self.stack is not self.averaged else 0.0

    def mean(self, columns: Mapping[str, Array]) -> Array:
        """The forecast of log loss `(n,)`, without intervals."""
        return self._shifted(self.stack.mean(self.stack.log_losses(columns)), columns)

    def _shifted(self, estimate: Array, columns: Mapping[str, Array]) -> Array:
        """The forecast less its shift."""
        if self.shift is None:
            return estimate
        points = self.stack.points.columns
        reach = columns["params"] * columns["tokens"] / (points["params"] * points["tokens"]).max()
        return estimate - self.shift.at(reach)

    def bands(self, columns: Mapping[str, Array], scale: Array) -> Bands:
        """Log losses at `columns` with half-widths; `scale` `(n,)` is the size of the runs."""
        by_law = self.stack.log_losses(columns)
        estimate = self.stack.mean(by_law)
        averaged, laws = self.averaged, len(self.averaged.fits)
        others = averaged.mean(by_law[:laws])
        replicates = averaged.replicates(self.draws[:laws], columns)
        # Variance of a mixture: the variance of each law on resampled runs, plus that of the laws about their mean.
        variance = averaged.mean(replicates.var(axis=1))
        if not (self.errors and averaged.is_nested):
            variance = variance + averaged.mean((by_law[:laws] - others) ** 2)
        reach = scale / self.stack.points.scale.max()
        if set(columns) == set(SURFACE):
            variance = variance + self.simplest * (1 - self.simplest) * (by_law[-1] - others) ** 2
            confidence, prediction = half_widths(variance, self.errors, reach, self.level)
            return Bands(self._shifted(estimate, columns), confidence, prediction, by_law)
        normal = NormalDist().inv_cdf(0.5 + self.level / 2)
        confidence = normal * np.sqrt(variance + (unit_bias(self.errors) * growth(reach)) ** 2)
        # Without origins the errors of the laws are unknown, and the noise of a run is a lower limit.
        error = unit_error(self.errors) if self.errors else self.noise
        prediction = normal * np.sqrt(variance + (error * growth(reach)) ** 2)
        return Bands(estimate, confidence, prediction, by_law)

    def laws(self) -> tuple[LawWeight, ...]:
        """The laws with their weights, heaviest first."""
        rows = zip(self.stack.fits, self.stack.weights, self.stack.rolling, strict=True)
        weights = [
            LawWeight(fit.candidate.name, float(weight), float(np.sqrt(np.mean(errors**2))) if len(errors) else None)
            for fit, weight, errors in rows
        ]
        return tuple(sorted(weights, key=lambda law: -law.weight))

    def interval(self) -> ForecastInterval:
        """How the bands are computed."""
        method = "rolling+bootstrap" if self.errors else "bootstrap+spread"
        return ForecastInterval(method, self.level, self.resampling.replicates, len(self.errors))

    def track(self) -> tuple[Track, ...]:
        """The errors of the forecast at each rolling origin, nearest first."""
        return tuple(
            Track(
                origin.reach,
                int(origin.trained.sum()),
                len(errors.errors),
                float(np.sqrt(np.mean(errors.errors**2))),
                float(np.mean(errors.errors)),
            )
            for origin, errors in zip(self.stack.origins, origin_errors(self.stack), strict=True)
        )


def forecast(
    points: ForecastPoints,
    *,
    laws: Sequence[Law] = (),
    recipe: Recipe = DEFAULT,
    level: float = 0.95,
    replicates: int = REPLICATES,
    seed: int = 0,
    group: int = 0,
    with_inside: bool = False,
) -> StackedForecast:
    """The forecast from `points`, by the default laws for its inputs or by the laws given.

    `with_inside` also fits the laws for `join_interpolation`; both fits of a law are then under way at once.

    Raises:
        FitError: There are too few points, or no law can be fitted.
    """
    resampling = Resampling(replicates, seed, group)
    return alone(forecast_asking(points, resampling, laws=laws, recipe=recipe, level=level, with_inside=with_inside))


def forecast_asking(
    points: ForecastPoints,
    resampling: Resampling,
    *,
    level: float,
    laws: Sequence[Law] = (),
    recipe: Recipe = DEFAULT,
    with_inside: bool = False,
) -> Asking[StackedForecast]:
    """`forecast`, as work that asks the solver."""
    if len(points) < FEWEST_POINTS:
        raise FitError(
            f"{len(points)} {'point is' if len(points) == 1 else 'points are'} too few for a forecast.",
            hint=f"Add runs until there are {FEWEST_POINTS} points.",
        )
    possible = candidates(tuple(points.columns), laws, recipe)
    # Weak priors make a law with more parameters than points fittable, but its forecast then only repeats the priors.
    usable = [candidate for candidate in possible if candidate.fewest <= len(points)] or [min(possible, key=_size)]
    origins = windows(points)
    works = [fit_asking(candidate, points, origins) for candidate in usable]
    works += [fit_asking(unweighted(candidate), points, ()) for candidate in usable if with_inside]
    outcomes = yield from side_by_side(works)
    averaged = stacked(outcomes[: len(usable)], points, origins)
    pairs = zip(outcomes, outcomes[len(usable) :], strict=False)
    inside = tuple(other for own, other in pairs if isinstance(own, FittedCandidate))
    whole = averaged if laws or recipe != DEFAULT else (yield from with_simplest(averaged))
    errors = origin_errors(averaged)
    draws = yield from whole.draw(resampling)
    made = StackedForecast(whole, averaged, errors, draws, level, resampling, inside=inside)
    if laws or recipe != DEFAULT or set(points.columns) != set(SURFACE):
        return made
    return replace(made, shift=shift(origin_errors(whole), errors, made.simplest))


def _size(candidate: ForecastCandidate) -> int:
    return candidate.fewest


def origin_errors(fitted: Stack) -> tuple[OriginErrors, ...]:
    """The errors of a stack at each of its origins, nearest first."""
    if not fitted.origins:
        return ()
    points = fitted.points
    missed = fitted.at_origins() - np.log(points.observed)
    errors = []
    for row, origin in zip(missed, fitted.origins, strict=True):
        held = ~origin.trained
        errors.append(OriginErrors(row[held], points.scale[held] / points.scale[origin.trained].max()))
    return tuple(errors)
