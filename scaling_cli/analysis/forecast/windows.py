"""Points of one group, and rolling origins over them: train up to a scale, predict what lies beyond.

Splits at random would ask a law to fill gaps. What a forecast must do is go on beyond the largest run, so a rolling
origin pretends that the runs above a cut-off had not been made yet (leave-largest-out).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.record import Record

REACHES = (2.0, 2.83, 4.0, 5.66, 8.0)  # factors below the largest scale at which an inner origin cuts
FEWEST_TRAINED = 5  # points
FEWEST_SCALES = 3  # different ones, to train on


class Points(Record):
    """Runs to forecast from, each field `(n,)`: inputs by role, loss, number of the run, and scale.

    Scale is what reach is measured in: compute, or the one input.
    """

    columns: Mapping[str, Array]
    observed: Array
    runs: Indices
    scale: Array

    def __len__(self) -> int:
        return len(self.observed)

    def at(self, points: Indices | Flags) -> Points:
        """Some of the points."""
        columns = {name: values[points] for name, values in self.columns.items()}
        return Points(columns, self.observed[points], self.runs[points], self.scale[points])


class Window(Record):
    """One rolling origin: trained on the points of `trained` `(n,)`, judged on all others. `reach` is how far off."""

    reach: float
    cutoff: float
    trained: Flags


def windows(points: Points, reaches: Sequence[float] = REACHES, fewest: int = FEWEST_TRAINED) -> list[Window]:
    """The origins that leave enough to train on; none where there are too few runs."""
    found: list[Window] = []
    largest = float(points.scale.max())
    for reach in reaches:
        trained = points.scale <= largest / reach * (1 + 1e-9)
        if trained.sum() < fewest or count_scales(points, trained) < FEWEST_SCALES:
            continue
        if found and (found[-1].trained == trained).all():
            continue
        found.append(Window(reach, largest / reach, trained))
    return found


def count_scales(points: Points, trained: Flags) -> int:
    """Different sizes among the trained: of params where they are an input, else of the scale."""
    sizes = points.columns.get("params", points.scale)[trained]
    return 1 + int((np.diff(np.sort(sizes)) > 0).sum())
