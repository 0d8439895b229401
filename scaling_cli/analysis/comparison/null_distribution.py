"""The null distribution of a statistic of nested fits, from which its p-value is computed."""

from __future__ import annotations

import numpy as np
from scipy.special import fdtrc, fdtri

from scaling_cli.arrays import Array
from scaling_cli.record import Record

DRAWN_SHARE = 1 / 3  # of draws in an averaged p-value


class NullDistribution(Record):
    """The distribution of a statistic under its null: F, or bootstrap draws.

    Draws account for correlated errors within a run and for matched designs, in which noise cancels; F does not. With
    few runs draws have little power, so without such correlations (`is_averaged`) the p-value is the geometric mean of
    both, in which draws count for `DRAWN_SHARE`. Draws are too narrow if groups have hardly more runs than parameters,
    or if the null has its floor at zero and the true floor is slightly above (Andrews 2000); then (`is_cautious`) the
    larger p-value is used.

    Without draws, the statistic over `stretch` may follow F with `matched` in place of `fewer` degrees of freedom.
    """

    fewer: int
    freedom: float
    draws: Array | None = None
    failed: int = 0
    is_averaged: bool = False
    is_cautious: bool = False
    matched: float | None = None
    stretch: float = 1.0

    @property
    def _first(self) -> float:
        """Degrees of freedom of the numerator of F."""
        return self.fewer if self.matched is None else self.matched

    @property
    def method(self) -> str:
        """`wild-bootstrap` or `F`."""
        return "F" if self.draws is None else "wild-bootstrap"

    def tail(self, statistic: float) -> float:
        """Probability of a statistic at least as large as this one."""
        expected = float(fdtrc(self._first, self.freedom, max(statistic, 0.0) / self.stretch))
        if self.draws is None:
            return expected
        # Rounding must not decide between a replicate and an observation that are equal.
        drawn = float((1 + np.sum(self.draws >= statistic * (1 - 1e-9))) / (len(self.draws) + 1))
        if self.is_cautious:
            return max(drawn, expected)
        return float(drawn**DRAWN_SHARE * expected ** (1 - DRAWN_SHARE)) if self.is_averaged else drawn

    def cut(self, level: float) -> float:
        """The statistic of one parameter that is exceeded with probability 1 - level."""
        return float(fdtri(1, self.freedom, level)) * self.inflation(level)

    def one_tail(self, statistic: float, level: float) -> float:
        """Probability of a statistic of one parameter at least as large as this one."""
        if self.fewer == 1:
            return self.tail(statistic)
        return float(fdtrc(1, self.freedom, statistic / self.inflation(level)))

    def inflation(self, level: float) -> float:
        """The quantile of the distribution over that of F."""
        expected = float(fdtri(self.fewer, self.freedom, level))
        if self.draws is None or not len(self.draws):
            return float(fdtri(self._first, self.freedom, level)) * self.stretch / expected
        larger = float(np.quantile(self.draws, level, method="higher")) / expected
        if self.is_cautious:
            return max(larger, 1.0)
        return self._even(level) / expected if self.is_averaged else larger

    def _even(self, level: float) -> float:
        """The statistic whose tail is 1 - level, if draws and F are averaged."""
        from scipy.optimize import brentq

        assert self.draws is not None
        most = max(float(np.max(self.draws, initial=0.0)), float(fdtri(self.fewer, self.freedom, level)), 1.0)
        if self.tail(10 * most) >= 1 - level:  # too few draws for so high a level
            return most
        return float(brentq(lambda statistic: self.tail(statistic) - (1 - level), 0.0, 10 * most))
