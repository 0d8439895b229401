"""Whether runs at equal inputs, such as repeats with other seeds, clearly err together.

If the means of configurations vary more around the law than runs vary around these means (an F test, see
`fitting/noise/scatter.py`), because the runs of a configuration share more than its inputs, or because the law misses
configurations, then runs count as many times as they were repeated, and intervals from resampled runs are too narrow.
Configurations are then resampled instead.

The test has little power where repeats are few, and one that only has to choose between two estimates must not be
strict (Bancroft 1944): a floor was covered in 75 to 88 % of data sets whose runs shared half of their variance if
nothing was done above p = 0.004. There, wild replicates add the error that runs share (`fitting/noise/shared.py`).
Replicates that cannot do so resample configurations from `DOUBT` on. A caveat says so only where the test is clear.
"""

from __future__ import annotations

from scaling_cli.arrays import Indices
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.leverage import is_free, residuals
from scaling_cli.fitting.noise.scatter import scatter_of
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.problem import Problem
from scaling_cli.record import Record, replace

LEVEL = 0.004  # of the F test: one in 250 sets of independent runs gets the caveat in vain
DOUBT = 0.2  # of the F test: one in five sets of independent runs is resampled by configuration in vain
LEAST_P = 1e-12  # that is written as a number


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
    found = scatter_of(problem, residuals(fitted), int(is_free(fitted).sum()))
    if found is None or found.p_value >= DOUBT:
        return None
    return ErrTogether(problem.configurations, found.p_value)


def by_configuration(fitted: Fitted, found: ErrTogether) -> Fitted:
    """The fit with configurations in place of runs, for resampling."""
    return replace(fitted, problem=replace(fitted.problem, runs=found.configurations))


def by_inputs(problem: Problem) -> Problem:
    """The problem with configurations in place of runs, if each run is one point."""
    if problem.run_count < len(problem.observed):
        return problem
    return replace(problem, runs=problem.configurations)


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
