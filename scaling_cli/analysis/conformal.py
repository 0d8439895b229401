"""Intervals of a forecast from how far it has been off.

At every rolling origin the forecast is compared with the runs it had not seen (conformal prediction, with the order of
scale kept). An error counts relative to 1 + ln(reach) / 2, for errors grow with the distance; each origin gives the
half-width that would have covered its runs at the level asked for, with the correction for a finite number of them. The
origins of one set of runs err together, so their mean is too narrow as often as not: the half-width is their mean and
one standard deviation. What resampled runs say is added in quadrature, since origins cannot show the luck of the
largest runs, which they all lack.

`docs/extrapolate.md` has the coverage on real curves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.laws import Array
from scaling_cli.record import record

GROWTH = 0.5  # of errors in ln(reach)


@record
class OriginErrors:
    """Errors of log loss `(m,)` of the forecast that one origin made, and the reach of each run it had not seen."""

    errors: Array
    reach: Array


def growth(reach: Array) -> Array:
    """How errors grow with reach `(m,)`; 1 inside the data."""
    grown: Array = 1 + GROWTH * np.log(np.maximum(reach, 1.0))
    return grown


def unit_half_width(origins: Sequence[OriginErrors], level: float) -> float:
    """Half-width of a prediction interval at reach 1; 0 without origins."""
    if not origins:
        return 0.0
    widths = [_quantile(np.abs(each.errors) / growth(each.reach), level) for each in origins]
    spread = np.std(widths, ddof=1) if len(widths) > 1 else widths[0] / 2
    return float(np.mean(widths) + spread)


def unit_bias(origins: Sequence[OriginErrors]) -> float:
    """Root mean square over origins of the mean error at reach 1: what is wrong with the law, not with a run."""
    if not origins:
        return 0.0
    return float(np.sqrt(np.mean([np.mean(each.errors / growth(each.reach)) ** 2 for each in origins])))


def _quantile(values: Array, level: float) -> float:
    """The conformal quantile: the smallest value that covers one more than `values` at the level, else the largest."""
    rank = min(int(np.ceil((len(values) + 1) * level)), len(values))
    return float(np.sort(values)[rank - 1])
