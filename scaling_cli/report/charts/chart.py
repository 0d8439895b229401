"""What a plot shows, whatever draws it: points, curves with bands, and the axes, which are logarithmic."""

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
    """A curve with its name in the legend, where an empty name leaves it out."""

    name: str
    curve: Curve


class Axis(Record):
    """What an axis shows: its label, and the role that decides the notation of its ticks."""

    label: str
    role: str = ""


class Chart(Record):
    """One plot: a series and a line of the same place share a colour.

    `band` names what lies between a line's ends; `edge` is an upright line of points where the data end.
    """

    series: Sequence[Series]
    lines: Sequence[Line]
    x: Axis
    y: Axis
    title: str = ""
    band: str = "interval"
    edge: Series | None = None


def heights(series: Sequence[Series], lines: Sequence[Line]) -> tuple[float, float]:
    """Logs to base 10 between which y lies: all points and curves, and bands as far as there is room for them."""
    shown = [*(each.y for each in series), *(each.curve.y for each in lines)]
    logs = np.log10(np.concatenate([np.asarray(each, dtype=float) for each in shown]))
    low, high = float(logs.min()), float(logs.max())
    room = BAND_ROOM * (high - low)
    for curve in (each.curve for each in lines):
        if curve.low is not None and curve.high is not None:
            least, most = float(np.min(curve.low)), float(np.max(curve.high))
            low = min(low, max(np.log10(least) if least > 0 else -np.inf, float(logs.min()) - room))
            high = max(high, min(np.log10(most), float(logs.max()) + room))
    return low, high
