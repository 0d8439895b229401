"""The expected error of a forecast, from its errors at the rolling origins.

At every origin the forecast is compared with the runs that it did not use. Its errors come from the noise of runs,
which does not grow, and from errors of exponents, which change log loss in proportion to ln(reach). Each error is
therefore divided by sqrt(1 + ln(reach)^2). Two numbers give the expected error at reach 1. For a new run it is the 80 %
quantile of all absolute errors over that of a standard normal: a mean square would be dominated by a few bad runs, and
a median says little about large errors. For the law it is the root mean square of the origins' mean errors, because an
error that all runs of an origin share is not noise of single runs; it is limited to the first number.

`docs/evidence/extrapolate.md` has the coverage on real curves and surfaces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.record import Record

QUANTILE, NORMAL_QUANTILE = 0.8, 1.2816  # of absolute errors, and where it lies for standard normal ones


class OriginErrors(Record):
    """Errors of log loss `(m,)` of the forecast at one origin, and the reach of each run that it did not use."""

    errors: Array
    reach: Array

    @property
    def relative(self) -> Array:
        """The errors `(m,)`, scaled to reach 1."""
        scaled: Array = self.errors / growth(self.reach)
        return scaled


def growth(reach: Array) -> Array:
    """Factor by which errors grow with reach `(m,)`; 1 within the data."""
    grown: Array = np.hypot(1.0, np.log(np.maximum(reach, 1.0)))
    return grown


def unit_error(origins: Sequence[OriginErrors]) -> float:
    """Robust scale of the errors of new runs at reach 1; 0 without origins."""
    if not origins:
        return 0.0
    errors = np.abs(np.concatenate([origin.relative for origin in origins]))
    return float(np.quantile(errors, QUANTILE)) / NORMAL_QUANTILE


def unit_bias(origins: Sequence[OriginErrors]) -> float:
    """Error of the law at reach 1: the root mean square over origins of their mean errors; 0 without origins."""
    if not origins:
        return 0.0
    squares = [float(np.mean(origin.relative)) ** 2 for origin in origins]
    return min(float(np.sqrt(np.mean(squares))), unit_error(origins))
