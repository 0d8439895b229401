"""Forecasts with intervals from one group of runs: the default of `scaling extrapolate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np

from scaling_cli.analysis.forecast.candidates import Candidate, candidates
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.rolling import OriginErrors, growth, unit_bias, unit_error
from scaling_cli.analysis.forecast.stack import Stack, stack
from scaling_cli.analysis.forecast.windows import Points, windows
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.uncertainty import Resampling
from scaling_cli.laws import Law
from scaling_cli.record import Record
from scaling_cli.results.forecast import ForecastInterval, LawWeight, Track

FEWEST_POINTS = 4
REPLICATES = 200  # they feed a standard deviation, which needs fewer than a percentile does


class Forecast(Record):
    """A stack of laws, what its rolling origins say of it, and its replicates."""

    stack: Stack
    errors: tuple[OriginErrors, ...]
    draws: tuple[Array, ...]
    level: float
    resampling: Resampling

    @property
    def estimator(self) -> str:
        """As the options name it."""
        return "forecast"

    @property
    def noise(self) -> float:
        """Robust scale of the log residuals, by the weights of the laws."""
        return float(self.stack.weights @ [fit.scale for fit in self.stack.fits])

    def mean(self, columns: Mapping[str, Array]) -> Array:
        """The forecast of log loss `(n,)`, without intervals."""
        return self.stack.mean(self.stack.log_losses(columns))

    def bands(self, columns: Mapping[str, Array], scale: Array) -> Bands:
        """Forecasts at `columns`, where `scale` `(n,)` is the size of the runs."""
        by_law = self.stack.log_losses(columns)
        estimate = self.stack.mean(by_law)
        replicates = self.stack.replicates(self.draws, columns)
        # A mixture's variance: that of each law on resampled runs, and that of the laws about their mean.
        apart = self.stack.mean(replicates.var(axis=1))
        if not (self.errors and self.stack.is_nested):
            apart = apart + self.stack.mean((by_law - estimate) ** 2)
        grown = growth(scale / self.stack.points.scale.max())
        normal = NormalDist().inv_cdf(0.5 + self.level / 2)
        confidence = normal * np.sqrt(apart + (unit_bias(self.errors) * grown) ** 2)
        # Without origins nothing shows how the laws fail; the noise of a run is the least that can be said.
        error = unit_error(self.errors) if self.errors else self.noise
        prediction = normal * np.sqrt(apart + (error * grown) ** 2)
        return Bands(estimate, confidence, prediction, by_law)

    def laws(self) -> tuple[LawWeight, ...]:
        """The laws with their weights, heaviest first."""
        rows = zip(self.stack.fits, self.stack.weights, self.stack.rolling, strict=True)
        found = [
            LawWeight(fit.candidate.name, float(weight), float(np.sqrt(np.mean(errors**2))) if len(errors) else None)
            for fit, weight, errors in rows
        ]
        return tuple(sorted(found, key=lambda each: -each.weight))

    def interval(self) -> ForecastInterval:
        """What the bands rest on."""
        method = "rolling+bootstrap" if self.errors else "bootstrap+spread"
        return ForecastInterval(method, self.level, self.resampling.replicates, len(self.errors))

    def track(self) -> tuple[Track, ...]:
        """What each origin would have got wrong, nearest first."""
        return tuple(
            Track(
                origin.reach,
                int(origin.trained.sum()),
                len(errors.errors),
                float(np.sqrt(np.mean(errors.errors**2))),
                float(np.mean(errors.errors)),
            )
            for origin, errors in zip(self.stack.origins, self.errors, strict=True)
        )


def forecast(
    points: Points, *, laws: Sequence[Law] = (), level: float = 0.95, replicates: int = REPLICATES, seed: int = 0,
    group: int = 0,
) -> Forecast:  # fmt: skip
    """The forecast from `points`, by the laws for its inputs or by those given.

    Raises:
        FitError: The runs are too few, or no law can be fitted.
    """
    if len(points) < FEWEST_POINTS:
        raise FitError(
            f"{len(points)} points are too few to forecast from.", hint=f"Add runs until there are {FEWEST_POINTS}."
        )
    possible = candidates(tuple(points.columns), laws)
    # Weak priors steady a law of more parameters than points, but then it only repeats them.
    usable = [each for each in possible if each.fewest <= len(points)] or [min(possible, key=_size)]
    fitted = stack(usable, points, windows(points))
    resampling = Resampling(replicates, seed, group)
    return Forecast(fitted, _origin_errors(fitted), fitted.draw(resampling), level, resampling)


def _size(candidate: Candidate) -> int:
    return candidate.fewest


def _origin_errors(fitted: Stack) -> tuple[OriginErrors, ...]:
    if not fitted.origins:
        return ()
    points = fitted.points
    missed = fitted.at_origins() - np.log(points.observed)
    found = []
    for row, origin in zip(missed, fitted.origins, strict=True):
        held = ~origin.trained
        found.append(OriginErrors(row[held], points.scale[held] / points.scale[origin.trained].max()))
    return tuple(found)
