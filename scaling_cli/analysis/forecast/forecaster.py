"""What every forecaster can say, whether it averages laws or describes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from scaling_cli.arrays import Array
from scaling_cli.record import Record
from scaling_cli.results.forecast import ForecastInterval, LawWeight, Track


class Bands(Record):
    """Log losses `(n,)`: the forecast, half-widths of confidence and prediction, and the laws apart `(laws, n)`."""

    estimate: Array
    confidence: Array
    prediction: Array
    by_law: Array


class Forecaster(Protocol):
    """A stack of laws, or one law as it was fitted."""

    @property
    def estimator(self) -> str:
        """The name of the estimator, as the options write it."""

    @property
    def noise(self) -> float | None:
        """Robust scale of the log residuals."""

    def mean(self, columns: Mapping[str, Array]) -> Array:
        """Log losses `(n,)`."""

    def bands(self, columns: Mapping[str, Array], scale: Array) -> Bands:
        """The same with half-widths, where `scale` `(n,)` is the size of the runs."""

    def laws(self) -> tuple[LawWeight, ...]:
        """The laws with their weights, heaviest first."""

    def interval(self) -> ForecastInterval:
        """How the bands are made."""

    def track(self) -> tuple[Track, ...]:
        """What each rolling origin would have got wrong, nearest first."""
