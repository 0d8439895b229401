"""The scatter of runs at equal inputs around their mean, and of these means around the law.

Where inputs repeat, residuals have two parts: those of runs around the mean of their configuration (pure error), and
those of the means around the law (lack of fit). If runs err independently around the law, both estimate one variance,
and their ratio has an F distribution (Draper and Smith 1998, section 2.1).
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Indices
from scaling_cli.fitting.checks.tails import f_tail
from scaling_cli.fitting.problem import Problem
from scaling_cli.record import Record

FEWEST_REPEATS = 3  # degrees of freedom of the pure error
FEWEST_SPARE = 2  # of the lack of fit
EXACT = 1e-9  # root mean square residual of data without noise, where only rounding is left


class Scatter(Record):
    """Sums of squares of residuals in units of equal weight, with their degrees of freedom.

    `lack` is that of the means around the law, with `spare` degrees of freedom, and `pure` that of runs around their
    mean, with `repeats`.
    """

    lack: float
    pure: float
    spare: int
    repeats: int

    @property
    def is_enough(self) -> bool:
        """Whether both parts have enough degrees of freedom to be compared."""
        return self.spare >= FEWEST_SPARE and self.repeats >= FEWEST_REPEATS

    @property
    def ratio(self) -> float:
        """The F statistic: the mean square of the lack of fit over that of the pure error."""
        return self.lack / self.spare / max(self.pure / self.repeats, ALMOST_ZERO)

    @property
    def p_value(self) -> float:
        """That of the F test; 1 where a part has no degree of freedom."""
        if self.spare < 1 or self.repeats < 1:
            return 1.0
        return f_tail(self.ratio, self.spare, self.repeats)


def scatter(cells: Indices, residual: Array, weights: Array, parameters: int) -> Scatter:
    """The scatter of residuals `(n,)` with `weights` `(n,)`.

    Args:
        cells: The number of each point's inputs `(n,)`.
        residual: Residuals of the fit.
        weights: Weights of the points.
        parameters: How many parameters were fitted.
    """
    count = int(cells.max()) + 1
    totals = np.bincount(cells, weights)
    means = np.bincount(cells, weights * residual) / totals
    lack, pure = float(totals @ means**2), float(weights @ (residual - means[cells]) ** 2)
    return Scatter(lack, pure, count - parameters, len(cells) - count)


def scatter_of(problem: Problem, residual: Array, parameters: int) -> Scatter | None:
    """The scatter of the residuals `(n,)` of a fit with so many free parameters.

    None if the points of a run err together anyway, if too few inputs repeat, or if there is no noise.
    """
    if problem.law.is_curve or problem.run_count < len(residual):
        return None
    found = scatter(problem.configurations, residual, problem.weights, parameters)
    return found if found.is_enough and np.sqrt(np.mean(residual**2)) > EXACT else None
