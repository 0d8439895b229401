"""What the errors of a surface's forecast at the rolling origins say of the error, and the bias, of the next forecast.

Forecasts of L(params, tokens) for larger runs are off by more than their laws and replicates show, all runs of a set to
the same side. Two corrections reduce this bias. If the mean errors m_1 and m_2 of the two nearest origins
have the same sign, their mean b is subtracted, shrunk according to the errors s of single runs, of which h were held
out on average:

    shift = b * b^2 / (b^2 + s^2 (1 + 4 / h)).

And since forecasts of such sets have been too high more often than too low, by a part of the error to be expected,
`EXCESS` unit errors are taken off, as far as the simplest law is not probable (see `simplest`). Within the data the
shift fades out towards 1/8 of the largest run, and beyond 30 times that run, where no set was tested, it stays.

The error is Student's t with `FREEDOM` degrees of freedom, because sets differ in how well their origins predict it:

    scale^2 = variance of replicates and laws + NEAR^2 + (SHARE * unit error * growth)^2.

`NEAR` is the error that appears with any larger run and that no origin shows, such as that of hyperparameters which
were tuned for small runs. Without an origin, `UNTESTED` takes the place of SHARE times the unit error: that is what
sets with so few runs show, and they differ more.

The constants are fitted to five families of public runs. docs/evidence/forecast-calibration.md has the coverage on each
family, with constants from the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.rolling import OriginErrors, growth, unit_bias, unit_error
from scaling_cli.arrays import Array
from scaling_cli.record import Record

NEAR = 0.0065  # of log loss
SHARE = 0.6
FREEDOM = 8.0
UNTESTED, UNTESTED_FREEDOM = 0.012, 3.0  # error of log loss at reach 1 without an origin, and its degrees of freedom
EXCESS = 0.15
NEAREST = 2  # origins whose mean errors must have the same sign
FEW_HELD = 4.0  # the held-out runs that leave a mean error as uncertain as a single run does
FADED, TESTED = 1 / 8, 30.0  # times the largest run


class Shift(Record):
    """What is taken off a forecast of log loss: `constant` at any reach beyond the data, and `unit` times growth."""

    constant: float
    unit: float

    def at(self, reach: Array) -> Array:
        """The shift `(n,)` at `reach` `(n,)`, that is scale over the largest scale of the runs."""
        fade = np.clip(1 - np.log(np.minimum(reach, 1.0)) / np.log(FADED), 0.0, 1.0)
        taken: Array = fade * (self.constant + self.unit * growth(np.minimum(reach, TESTED)))
        return taken


def shift(origins: Sequence[OriginErrors], averaged: Sequence[OriginErrors], simplest: float) -> Shift:
    """The shift of a forecast.

    Args:
        origins: Errors of the forecast at the origins, nearest first.
        averaged: Errors at the same origins without the simplest law.
        simplest: The weight of the simplest law.
    """
    doubt = 1 - simplest
    return Shift(doubt * _consistent(origins), doubt * EXCESS * unit_error(averaged))


def _consistent(origins: Sequence[OriginErrors]) -> float:
    """The part of the error that the nearest origins share; 0 if they differ in its sign."""
    means = [float(np.mean(origin.relative)) for origin in origins[:NEAREST]]
    if len(means) < NEAREST or min(means) < 0 < max(means):
        return 0.0
    bias = float(np.mean(means))
    spread = float(np.std(np.concatenate([origin.relative for origin in origins])))
    held = float(np.mean([len(origin.errors) for origin in origins[:NEAREST]]))
    total = bias**2 + spread**2 * (1 + FEW_HELD / held)
    return bias**3 / total if total > 0 else 0.0


def half_widths(variance: Array, origins: Sequence[OriginErrors], reach: Array, level: float) -> tuple[Array, Array]:
    """Half-widths `(n,)` of the mean of runs and of a new run; `variance` `(n,)` is that of replicates and laws."""
    from scipy.special import stdtrit  # takes a tenth of a second to import

    student = float(stdtrit(FREEDOM if origins else UNTESTED_FREEDOM, 0.5 + level / 2))
    units = (SHARE * unit_bias(origins), SHARE * unit_error(origins)) if origins else (UNTESTED, UNTESTED)
    mean, run = (student * np.sqrt(variance + NEAR**2 + (unit * growth(reach)) ** 2) for unit in units)
    return mean, run
