"""The interface of all forecasters, whether they average several laws or use one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from scaling_cli.arrays import Array
from scaling_cli.record import Record
from scaling_cli.results.forecast import ForecastInterval, LawWeight, Track


class Bands(Record):
    """Log losses: the forecast and half-widths of confidence and prediction `(n,)`, and each law's `(laws, n)`."""

    estimate: Array
    confidence: Array
    prediction: Array
    by_law: Array


class Forecaster(Protocol):
    """A stack of laws, or one fitted law."""

    @property
    def estimator(self) -> str:
        """The name of the estimator in the options."""

    @property
    def noise(self) -> float | None:
        """Robust scale of the log residuals."""

    def mean(self, columns: Mapping[str, Array]) -> Array:
        """Log losses `(n,)` at `columns`."""

    def bands(self, columns: Mapping[str, Array], scale: Array) -> Bands:
        """Log losses at `columns` with half-widths; `scale` `(n,)` is the size of the runs."""

    def laws(self) -> tuple[LawWeight, ...]:
        """The laws with their weights, heaviest first."""

    def interval(self) -> ForecastInterval:
        """How the bands are computed."""

    def track(self) -> tuple[Track, ...]:
        """The errors of the forecast at each rolling origin, nearest first."""
