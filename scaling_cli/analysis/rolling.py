"""How far a forecast has been off at its rolling origins, as the scale of its next errors.

At every origin the forecast is compared with the runs it had not seen. Errors grow with the distance, so each counts
relative to 1 + ln(reach) / 2, and origins count alike, however many runs they held back. Two numbers say what is to be
expected at reach 1: the root mean square of the errors for a new run, and that of the origins' mean errors for the law,
since what all runs of an origin share is no noise of a run. The second can never exceed the first.

`docs/extrapolate.md` has the coverage on real curves and surfaces.
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

    @property
    def relative(self) -> Array:
        """The errors `(m,)` as they would be at reach 1."""
        scaled: Array = self.errors / growth(self.reach)
        return scaled


def growth(reach: Array) -> Array:
    """How errors grow with reach `(m,)`; 1 inside the data."""
    grown: Array = 1 + GROWTH * np.log(np.maximum(reach, 1.0))
    return grown


def unit_error(origins: Sequence[OriginErrors]) -> float:
    """Root mean square error at reach 1, origins alike; 0 without origins."""
    return _root_mean([float(np.mean(each.relative**2)) for each in origins])


def unit_bias(origins: Sequence[OriginErrors]) -> float:
    """Root mean square over origins of the mean error at reach 1: what is wrong with the law, not with a run."""
    return _root_mean([float(np.mean(each.relative)) ** 2 for each in origins])


def _root_mean(squares: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(squares))) if len(squares) else 0.0
