"""What a plot shows, whatever draws it: points, curves with bands, and the axes, which are logarithmic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scaling_cli.fitting.result import Curve
from scaling_cli.record import record

Numbers: TypeAlias = Sequence[float] | NDArray[np.float64]


@record
class Series:
    """Observed points of one group, all positive."""

    name: str
    x: Numbers
    y: Numbers


@record
class Line:
    """A curve with its name in the legend, where an empty name leaves it out."""

    name: str
    curve: Curve


@record
class Axis:
    """What an axis shows: its label, and the role that decides the notation of its ticks."""

    label: str
    role: str = ""


@record
class Chart:
    """One plot: a series and a line of the same place share a colour; `band` names what lies between a line's ends."""

    series: Sequence[Series]
    lines: Sequence[Line]
    x: Axis
    y: Axis
    title: str = ""
    band: str = "interval"
