"""The distribution that a statistic of nested fits is read by."""

from __future__ import annotations

import numpy as np
from scipy.special import fdtrc, fdtri

from scaling_cli.arrays import Array
from scaling_cli.record import Record


class Reference(Record):
    """The distribution of a statistic under its null: F, or draws of it.

    Draws know what F does not: that points of a run err together, that a matched design cancels noise. With few runs
    they have little power: where neither matters (`is_averaged`), the geometric mean of both p-values counts, with F's
    twice. Draws are too narrow where groups have hardly more runs than parameters, and where the null has a floor at
    zero and the true floor is not quite zero (Andrews 2000): there (`is_cautious`) the larger of the two counts.
    """

    fewer: int
    freedom: float
    draws: Array | None = None
    failed: int = 0
    is_averaged: bool = False
    is_cautious: bool = False

    @property
    def method(self) -> str:
        """`wild-bootstrap` or `F`."""
        return "F" if self.draws is None else "wild-bootstrap"

    def tail(self, statistic: float) -> float:
        """Probability of a statistic as large as this one or larger."""
        expected = float(fdtrc(self.fewer, self.freedom, max(statistic, 0.0)))
        if self.draws is None:
            return expected
        # Rounding must not decide between a replicate and an observation that are the same.
        drawn = float((1 + np.sum(self.draws >= statistic * (1 - 1e-9))) / (len(self.draws) + 1))
        if self.is_cautious:
            return max(drawn, expected)
        return float((drawn * expected**2) ** (1 / 3)) if self.is_averaged else drawn

    def cut(self, level: float) -> float:
        """The statistic of one parameter that is exceeded with probability 1 - level."""
        return float(fdtri(1, self.freedom, level)) * self.inflation(level)

    def one_tail(self, statistic: float, level: float) -> float:
        """Probability of so large a statistic of one parameter."""
        if self.fewer == 1:
            return self.tail(statistic)
        return float(fdtrc(1, self.freedom, statistic / self.inflation(level)))

    def inflation(self, level: float) -> float:
        """How much larger than F's the distribution's quantile is."""
        expected = float(fdtri(self.fewer, self.freedom, level))
        if self.draws is None or not len(self.draws):
            return 1.0
        larger = float(np.quantile(self.draws, level, method="higher")) / expected
        if self.is_cautious:
            return max(larger, 1.0)
        return self._even(level) / expected if self.is_averaged else larger

    def _even(self, level: float) -> float:
        """The statistic whose tail is 1 - level where draws and F are averaged."""
        from scipy.optimize import brentq

        assert self.draws is not None
        most = max(float(np.max(self.draws, initial=0.0)), float(fdtri(self.fewer, self.freedom, level)), 1.0)
        if self.tail(10 * most) >= 1 - level:  # too few draws for so high a level
            return most
        return float(brentq(lambda statistic: self.tail(statistic) - (1 - level), 0.0, 10 * most))
