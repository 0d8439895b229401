"""How far a forecast has been off at its rolling origins, as the scale of its next errors.

At every origin the forecast is compared with the runs it had not seen. What is wrong there is the noise of runs, which
does not grow, and the error of an exponent, which moves log loss in proportion to ln(reach): each error counts relative
to sqrt(1 + ln(reach)^2). Two numbers say what is to be expected at reach 1. For a new run it is the 80 % quantile of
all errors, as that of normal ones: a few runs that went wrong would rule their mean square, and the middle error says
little of the large ones. For the law it is the root mean square of the origins' mean errors, since what all runs of an
origin share is no noise of a run; it is not let exceed the first.

`docs/evidence/extrapolate.md` has the coverage on real curves and surfaces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.record import Record

QUANTILE, NORMAL_QUANTILE = 0.8, 1.2816  # of absolute errors, and where it lies for standard normal ones


class OriginErrors(Record):
    """Errors of log loss `(m,)` of the forecast that one origin made, and the reach of each run it had not seen."""

    errors: Array
    reach: Array

    @property
    def relative(self) -> Array:
        """The errors `(m,)` as they would be at reach 1."""
        scaled: Array = self.errors / growth(self.reach)
        return scaled


def growth(reach: Array) -> Array:
    """How errors grow with reach `(m,)`; 1 inside the data."""
    grown: Array = np.hypot(1.0, np.log(np.maximum(reach, 1.0)))
    return grown


def unit_error(origins: Sequence[OriginErrors]) -> float:
    """Robust scale of the errors of new runs at reach 1; 0 without origins."""
    if not origins:
        return 0.0
    errors = np.abs(np.concatenate([each.relative for each in origins]))
    return float(np.quantile(errors, QUANTILE)) / NORMAL_QUANTILE


def unit_bias(origins: Sequence[OriginErrors]) -> float:
    """Root mean square over origins of the mean error at reach 1: what is wrong with the law, not with a run."""
    if not origins:
        return 0.0
    squares = [float(np.mean(each.relative)) ** 2 for each in origins]
    return min(float(np.sqrt(np.mean(squares))), unit_error(origins))
