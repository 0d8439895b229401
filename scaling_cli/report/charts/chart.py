"""A plot as data for any drawing library: points, curves with bands, and logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scaling_cli.record import Record
from scaling_cli.results.fit import Curve

BAND_ROOM = 0.5  # of the height of points and curves, in logs: a wider band leaves the frame, or it would flatten them

Numbers: TypeAlias = Sequence[float] | NDArray[np.float64]


class Series(Record):
    """Observed points of one group, all positive."""

    name: str
    x: Numbers
    y: Numbers


class Line(Record):
    """A curve and its name in the legend; with an empty name it is not in the legend."""

    name: str
    curve: Curve


class Axis(Record):
    """The label of an axis, and the role that decides how its ticks are written."""

    label: str
    role: str = ""


class Chart(Record):
    """One plot; the first series and the first line share a colour, and so on.

    `band` names what lies between a line's ends; `edge` is a vertical line of points where the data end.
    """

    series: Sequence[Series]
    lines: Sequence[Line]
    x: Axis
    y: Axis
    title: str = ""
    band: str = "interval"
    edge: Series | None = None


def heights(series: Sequence[Series], lines: Sequence[Line]) -> tuple[float, float]:
    """The range of log10 y: all points and curves, and bands as far as there is room for them."""
    shown = [*(points.y for points in series), *(line.curve.y for line in lines)]
    logs = np.log10(np.concatenate([np.asarray(y, dtype=float) for y in shown]))
    low, high = float(logs.min()), float(logs.max())
    room = BAND_ROOM * (high - low)
    for curve in (line.curve for line in lines):
        if curve.low is not None and curve.high is not None:
            least, most = float(np.min(curve.low)), float(np.max(curve.high))
            low = min(low, max(np.log10(least) if least > 0 else -np.inf, float(logs.min()) - room))
            high = max(high, min(np.log10(most), float(logs.max()) + room))
    return low, high
