"""A plot as data for any drawing library: points, curves with bands, and axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.record import Record
from scaling_cli.results.fit import Curve

BAND_ROOM = 0.5  # of the height of points and curves, in logs: a wider band leaves the frame, or it would flatten them

Numbers: TypeAlias = Sequence[float] | Array


class Series(Record):
    """Observed points of one group.

    `low` and `high` are the ends of error bars, `shade` the values that colour the points by the chart's ordered scale,
    `labels` the names of the points. A series that `stands_out` is drawn large, above everything else. `color` is the
    place of its colour, where that is not its own place.
    """

    name: str
    x: Numbers
    y: Numbers
    low: Numbers | None = None
    high: Numbers | None = None
    shade: Numbers | None = None
    labels: tuple[str, ...] = ()
    stands_out: bool = False
    color: int | None = None


class Line(Record):
    """A curve and its name in the legend; with an empty name it is not in the legend.

    `shade` colours it by the chart's ordered scale. `fan` are narrower bands inside that of the curve, widest first.
    `color` is the place of its colour, where that is not the line's own place; a `plain` line is grey.
    """

    name: str
    curve: Curve
    is_dashed: bool = False
    shade: float | None = None
    fan: tuple[Curve, ...] = ()
    color: int | None = None
    is_plain: bool = False


class Rule(Record):
    """A straight line across the chart at one value: upright, or level where `is_level`."""

    name: str
    value: float
    is_level: bool = False


class Axis(Record):
    """The label of an axis, and the role that decides how its ticks are written.

    An axis with `names` is a list: they stand at 0, 1, 2 and so on.
    """

    label: str
    role: str = ""
    is_log: bool = True
    names: tuple[str, ...] = ()


class Chart(Record):
    """One plot; the first series and the first line share a colour, and so on.

    `band` names what lies between a line's ends; `edge` is a vertical line of points where the data end. `shade` is the
    ordered scale that colours points and lines which have a `shade`.
    """

    series: Sequence[Series]
    lines: Sequence[Line]
    x: Axis
    y: Axis
    title: str = ""
    band: str = "interval"
    edge: Series | None = None
    rules: Sequence[Rule] = ()
    shade: Axis | None = None


Panels: TypeAlias = Sequence[Sequence[Chart]]
"""Charts in rows, which make one figure."""


def heights(series: Sequence[Series], lines: Sequence[Line]) -> tuple[float, float]:
    """The range of log10 y: all points and curves, and bands as far as there is room for them."""
    shown = [*(points.y for points in series), *(line.curve.y for line in lines)]
    logs = np.log10(np.concatenate([np.asarray(y, dtype=float) for y in shown]))
    logs = logs[np.isfinite(logs)]
    low, high = float(logs.min()), float(logs.max())
    room = BAND_ROOM * (high - low)
    for curve in (line.curve for line in lines):
        if curve.low is not None and curve.high is not None:
            least, most = float(np.min(curve.low)), float(np.max(curve.high))
            low = min(low, max(np.log10(least) if least > 0 else -np.inf, float(logs.min()) - room))
            high = max(high, min(np.log10(most), float(logs.max()) + room))
    return low, high


def shade_ends(chart: Chart) -> tuple[float, float]:
    """The smallest and the largest value of the chart's ordered scale."""
    values = list(_shades(chart))
    return min(values, default=1.0), max(values, default=1.0)


def _shades(chart: Chart) -> Iterable[float]:
    for series in chart.series:
        yield from () if series.shade is None else map(float, series.shade)
    yield from (line.shade for line in chart.lines if line.shade is not None)
