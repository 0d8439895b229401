"""Whether runs at equal inputs, such as repeats with other seeds, err together.

Where inputs repeat, residuals have two parts: those of runs around the mean of their configuration (pure error), and
those of the means around the law (lack of fit). If runs err independently around the law, both estimate one variance,
and their ratio has an F distribution (Draper and Smith 1998, section 2.1). If the means vary more, because the runs of
a configuration share more than its inputs, or because the law misses configurations, runs count as many times as they
were repeated, and intervals from resampled runs are too narrow. Configurations are then resampled instead.

The test has little power where repeats are few, so configurations are resampled from `DOUBT` on, and a caveat says so
only where the test is clear. A test that only has to choose between two estimates must not be strict (Bancroft 1944):
with 0.004 for both, a floor was covered in 75 to 88 % of data sets whose runs shared half of their variance.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Indices
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.checks.tails import f_tail
from scaling_cli.fitting.leverage import is_free, residuals
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.problem import Problem
from scaling_cli.record import Record, replace

LEVEL = 0.004  # of the F test: one in 250 sets of independent runs gets the caveat in vain
DOUBT = 0.2  # of the F test: one in five sets of independent runs is resampled by configuration in vain
FEWEST_REPEATS = 3  # degrees of freedom of the pure error
FEWEST_SPARE = 2  # of the lack of fit
LEAST_P = 1e-12  # that is written as a number
EXACT = 1e-9  # root mean square residual of data without noise, where only rounding is left


class ErrTogether(Record):
    """Runs at equal inputs whose errors seem more similar than those of other runs.

    `configurations` `(n,)` is the number of each point's configuration, `p_value` that of the F test.
    """

    configurations: Indices
    p_value: float

    @property
    def is_clear(self) -> bool:
        """Whether they are, beyond doubt."""
        return self.p_value < LEVEL


def err_together(fitted: Fitted) -> ErrTogether | None:
    """What the F test shows, or None if inputs do not repeat or the runs at equal inputs err independently."""
    problem = fitted.problem
    points = len(problem.observed)
    if problem.law.is_curve or problem.run_count < points:
        return None  # points of one run are resampled together anyway
    numbers = numbered_inputs(np.stack(list(problem.columns.values())))
    configurations = int(numbers.max()) + 1
    spare, repeats = configurations - int(is_free(fitted).sum()), points - configurations
    if spare < FEWEST_SPARE or repeats < FEWEST_REPEATS:
        return None
    residual, weights = residuals(fitted), problem.weights
    if np.sqrt(np.mean(residual**2)) < EXACT:
        return None
    p_value = lack_of_fit(numbers, residual, weights, configurations - spare)
    return ErrTogether(numbers, p_value) if p_value < DOUBT else None


def lack_of_fit(cells: Indices, residual: Array, weights: Array, parameters: int) -> float:
    """The p-value of the F test of lack of fit against pure error; 1 where one of them has no degree of freedom.

    Args:
        cells: The number of each point's inputs `(n,)`.
        residual: Residuals of the fit `(n,)`.
        weights: Weights of the points `(n,)`.
        parameters: How many parameters were fitted.
    """
    count = int(cells.max()) + 1
    spare, repeats = count - parameters, len(cells) - count
    if spare < 1 or repeats < 1:
        return 1.0
    totals = np.bincount(cells, weights)
    means = np.bincount(cells, weights * residual) / totals
    lack, pure = float(totals @ means**2), float(weights @ (residual - means[cells]) ** 2)
    return f_tail(lack / spare / max(pure / repeats, ALMOST_ZERO), spare, repeats)


def by_configuration(fitted: Fitted, found: ErrTogether) -> Fitted:
    """The fit with configurations in place of runs, for resampling."""
    return replace(fitted, problem=replace(fitted.problem, runs=found.configurations))


def by_inputs(problem: Problem) -> Problem:
    """The problem with configurations in place of runs, if each run is one point."""
    if problem.run_count < len(problem.observed):
        return problem
    return replace(problem, runs=numbered_inputs(np.stack(list(problem.columns.values()))))


def together_doubt(found: ErrTogether, runs: int, *, is_resampled: bool, group: dict[str, str] | None) -> Caveat:
    """The caveat about runs that err together; `is_resampled` says that the interval resamples something."""
    configurations = int(found.configurations.max()) + 1
    effect = (
        "the interval resamples all runs at equal inputs together, not each run by itself"
        if is_resampled
        else "an interval that treats runs as independent is too narrow (use --interval wild, which does not)"
    )
    p_value = f"= {found.p_value:.2g}" if found.p_value > LEAST_P else f"< {LEAST_P:g}"
    facts = {"runs": f"{runs:,}", "configurations": f"{configurations:,}", "p_value": p_value, "effect": effect}
    return caveat("runs-err-together", group, **facts)


def numbered_inputs(columns: Array) -> Indices:
    """The number of the distinct point of each column of `columns` `(inputs, n)`. np.unique would import numpy.ma."""
    order = np.lexsort(columns)
    starts = np.concatenate([[0], (np.diff(columns[:, order], axis=1) != 0).any(axis=0).astype(np.int64)])
    numbers = np.empty(columns.shape[1], dtype=np.int64)
    numbers[order] = np.cumsum(starts)
    return numbers
