"""What goals are known to now, and what runs are expected to make of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.plan.goals import Goal, Known
from scaling_cli.analysis.plan.knowledge import Arm, View, view
from scaling_cli.analysis.plan.limits import Candidates
from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate

UNKNOWN = 1e3  # standard deviations in logs or units that stand for what no run determines
UNKNOWN_LOG = 23.0  # standard deviation of a log beyond which nothing is known: ten decades
UNKNOWN_TIMES, LEAST_SIZE = 10.0, 0.1  # the same for an exponent: so many times its size, or that of a small one
FURTHEST = 5.0  # times the median deviation over draws: a larger one counts as this
BISECTIONS = 50
MOST_TIMES = 1e4
PRECISE = 1e-3


class Outlook(Record):
    """The goals of a plan and the standard deviation of each: `(q,)` with given runs."""

    arms: Sequence[Arm]
    goals: Sequence[Goal]
    level: float

    def seen(self, designs: Sequence[Candidates], *, draws: int = 0) -> View:
        """The law that will be fitted, with the runs of several designs as parts."""
        return view(self.arms, self.goals, [design.columns for design in designs], draws=draws)

    def deviations(self, seen: View, part: int | None, repeats: Array | None = None, times: float = 1.0) -> Array:
        """The expected standard deviation `(q,)` of the goals with the runs of one part, each `repeats` `(n,)` times.

        It is the root of the mean variance over the draws; infinite where the runs leave a goal undetermined.
        """
        information = seen.known
        if part is not None:
            rows = seen.rows[part]
            weighted = rows if repeats is None else rows * np.sqrt(repeats)[None, :, None]
            information = information + times * (weighted.swapaxes(1, 2) @ weighted)
        scale = np.sqrt(np.maximum(np.einsum("rkk->rk", information), ALMOST_ZERO))
        normed = information / scale[:, :, None] / scale[:, None, :]
        values, vectors = np.linalg.eigh(normed)
        inverse = np.where(values > 1e-13, 1 / np.maximum(values, 1e-13), UNKNOWN**2 * 1e6)
        variances = []
        for goal in seen.goals:
            turned = np.einsum("rk,rkl->rl", goal.gradient / scale, vectors)
            with np.errstate(over="ignore"):  # no run tells anything of a coordinate
                variances.append((turned**2 * inverse).sum(axis=1))
        found = np.array([typical(np.sqrt(each)) for each in variances])
        return np.where(found < self._limits(seen.goals), found, np.inf)

    def _limits(self, goals: Sequence[Known]) -> Array:
        """The standard deviations `(q,)` beyond which a goal is unknown."""
        return np.array([
            UNKNOWN_LOG if goal.is_log else UNKNOWN_TIMES * max(abs(float(np.nan_to_num(goal.values[0]))), LEAST_SIZE)
            for goal in goals
        ])  # fmt: skip

    def width(self, deviations: Array, spare: int) -> Array:
        """The widths `(q,)` of intervals with these deviations, with `spare` degrees of freedom left for the noise."""
        return 2 * quantile(self.level, spare) * deviations / self.units

    @property
    def units(self) -> Array:
        """What the width of each goal is measured in `(q,)`: decades for logs."""
        return np.array([np.log(10) if _is_log(self.arms, goal) else 1.0 for goal in self.goals])

    def times_needed(self, seen: View, part: int, repeats: Array, wanted: Array) -> float | None:
        """How often a design must be repeated for deviations no larger than those wanted; None if never."""

        def enough(times: float) -> bool:
            found = self.deviations(seen, part, repeats, times)
            return bool(np.log(found / wanted).mean() <= 0)

        if not np.isfinite(wanted).all() or not enough(MOST_TIMES):
            return None
        low, high = -np.log(MOST_TIMES), np.log(MOST_TIMES)
        for _ in range(BISECTIONS):
            if high - low < PRECISE:
                break
            middle = (low + high) / 2
            low, high = (low, middle) if enough(float(np.exp(middle))) else (middle, high)
        return float(np.exp(high))


def typical(deviations: Array) -> float:
    """The root of the mean square of draws `(r,)`, of which those without a value do not count, and few do not decide.

    It is NaN where half of the draws have no value.
    """
    usable = deviations[np.isfinite(deviations)]
    if 2 * len(usable) <= len(deviations):
        return float("nan")
    return float(np.sqrt(np.mean(np.minimum(usable, FURTHEST * np.median(usable)) ** 2)))


def quantile(level: float, spare: int) -> float:
    """Student's quantile for a two-sided interval, to three digits (Abramowitz and Stegun 1964, 26.7.5).

    Importing scipy's function would take longer than the whole plan.
    """
    from statistics import NormalDist

    freedom = max(spare, 1)
    if freedom == 1:
        return float(np.tan(np.pi * level / 2))
    if freedom == 2:
        return float(level * np.sqrt(2 / (1 - level**2)))
    z = NormalDist().inv_cdf((1 + level) / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / freedom**power for power, term in enumerate(terms, 1)))


def _is_log(arms: Sequence[Arm], goal: Goal) -> bool:
    if goal.what not in ("parameter", "difference"):
        return True
    law = arms[0].law
    return goal.name in law.names and law.parameters[law.names.index(goal.name)].positive


def interval_now(goal: Known, level: float) -> Estimate:
    """The estimate of a goal and the interval that the draws give."""
    values = goal.shown()
    first = float(values[0]) if np.isfinite(values[0]) else None
    drawn = values[1:][np.isfinite(values[1:])]
    if len(drawn) < 2:
        return Estimate(first)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    if first is not None:
        low, high = min(low, first), max(high, first)
    return Estimate(first, float(low), float(high))


def interval_then(goal: Known, width: float) -> Estimate:
    """The interval that is expected, of this width (in decades for logs), around the estimate of today."""
    first = float(goal.values[0])
    if not np.isfinite(first):
        return Estimate(None)
    half = width / 2 * (np.log(10) if goal.is_log else 1.0)
    ends = np.array([first - half, first + half])
    with np.errstate(over="ignore"):  # an end beyond the largest number is none
        shown = np.exp(ends) if goal.is_log else ends
    low, high = (float(end) if np.isfinite(end) and end < 1e300 else None for end in shown)
    return Estimate(float(np.exp(first)) if goal.is_log else first, low, high)


def width_of(estimate: Estimate, *, is_log: bool) -> float:
    """The width of an interval: in decades for logs, else as a difference; infinite without an end."""
    if estimate.low is None or estimate.high is None or (is_log and estimate.low <= 0):
        return float("inf")
    return float(np.log10(estimate.high / estimate.low)) if is_log else estimate.high - estimate.low
