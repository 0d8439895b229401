"""The points of one group, and rolling origins: train on the points up to a scale, predict the points beyond.

Random splits would test interpolation. A forecast must extend beyond the largest run, so a rolling origin leaves out
all runs above a cut-off (leave-largest-out).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.record import Record

REACHES = (2.0, 2.83, 4.0, 5.66, 8.0)  # the largest scale over the cut-offs of the rolling origins
FEWEST_TRAINED = 5  # points to train on
FEWEST_SCALES = 3  # distinct scales to train on


class ForecastPoints(Record):
    """Points to forecast from, each field `(n,)`: inputs by role, loss, number of the run, and scale.

    Reach is measured in the scale: compute, or the one input.
    """

    columns: Mapping[str, Array]
    observed: Array
    runs: Indices
    scale: Array
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.observed)

    def at(self, points: Indices | Flags) -> ForecastPoints:
        """The points selected by index or mask."""
        columns = {name: values[points] for name, values in self.columns.items()}
        weights = None if self.weights is None else self.weights[points]
        return ForecastPoints(columns, self.observed[points], self.runs[points], self.scale[points], weights)

    def weighted(self, power: float) -> Array:
        """Weights `(n,)`: the points' own, times their scale to this power."""
        weights: Array = (self.scale / self.scale.max()) ** power
        return weights if self.weights is None else weights * self.weights


class Window(Record):
    """A rolling origin: trained on the points in `trained` `(n,)`, tested on all others.

    `reach` is the largest scale over `cutoff`.
    """

    reach: float
    cutoff: float
    trained: Flags


def windows(points: ForecastPoints, reaches: Sequence[float] = REACHES, fewest: int = FEWEST_TRAINED) -> list[Window]:
    """The rolling origins that leave enough points to train on; none if there are too few runs."""
    origins: list[Window] = []
    largest = float(points.scale.max())
    for reach in reaches:
        trained = points.scale <= largest / reach * (1 + 1e-9)
        if trained.sum() < fewest or count_scales(points, trained) < FEWEST_SCALES:
            continue
        if origins and (origins[-1].trained == trained).all():
            continue
        origins.append(Window(reach, largest / reach, trained))
    return origins


def count_scales(points: ForecastPoints, trained: Flags) -> int:
    """The number of distinct sizes among the trained points: of params if they are an input, else of the scale."""
    sizes = points.columns.get("params", points.scale)[trained]
    return 1 + int((np.diff(np.sort(sizes)) > 0).sum())
