"""Where the coverage of one group passes that of another, with the confidence set of the place."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.coverage.counts import Counts, Indices, ProblemResampling, make_counts, problem_weights
from scaling_cli.coverage.estimate import error_of_mean, solve_rates
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate

POINTS = 60  # of a curve between one attempt and all
TIE = 1e-9  # differences of coverage below this count as none
FEWEST = 2  # problems without which nothing can be compared


class Side(Record):
    """One group of a comparison: its counts and the names of their problems."""

    name: str
    counts: Counts
    problems: tuple[str, ...]

    def shares_problems(self, other: Side) -> bool:
        """Whether both have enough of the same problems to be paired."""
        return len(set(self.problems) & set(other.problems)) >= FEWEST

    def only(self, names: list[str]) -> Counts:
        """The counts of these problems, in this order."""
        place = {name: i for i, name in enumerate(self.problems)}
        picked = np.array([place[name] for name in names], dtype=np.int64)
        cluster = np.unique(self.counts.cluster[picked], return_inverse=True)[1].astype(np.int64)
        return make_counts(self.counts.n[picked], self.counts.c[picked], cluster)


class Rates(Record):
    """Chances of success of two groups, which have the same problems where `is_paired`.

    `left` is `(problems, points)`, with a column for each place along the curve, and `right` `(problems, points)` or
    `(problems, 1)`. The clusters `(problems,)` number the problems that are resampled together.
    """

    left: Array
    right: Array
    left_cluster: Indices
    right_cluster: Indices
    is_paired: bool

    def difference(self, level: float) -> tuple[Array, Array, Array]:
        """The difference in coverage at each point, its standard error, and the critical value of its t interval.

        Errors are those of cluster means (Liang and Zeger 1986); without pairs, degrees of freedom are Welch's.
        """
        if self.is_paired:
            each = self.left - self.right
            square, freedom = _variance(each, self.left_cluster)
            return each.mean(axis=0), np.sqrt(square), np.full(len(square), stdtrit(freedom, (1 + level) / 2))
        (ours, known), (theirs, others) = (
            _variance(self.left, self.left_cluster),
            _variance(self.right, self.right_cluster),
        )
        total = ours + theirs
        welch = total**2 / np.maximum(ours**2 / known + theirs**2 / others, ALMOST_ZERO)
        welch = np.where(total > 0, welch, min(known, others))
        middle = self.left.mean(axis=0) - self.right.mean(axis=0)
        return middle, np.sqrt(total), np.asarray(stdtrit(welch, (1 + level) / 2))

    def replicates(self, resampling: ProblemResampling) -> Array:
        """The difference in coverage of each replicate `(replicates, points)`, over resampled problems."""
        if self.is_paired:
            return _means(self.left - self.right, self.left_cluster, resampling)
        other = ProblemResampling(resampling.replicates, resampling.seed + 1, resampling.group)
        return _means(self.left, self.left_cluster, resampling) - _means(self.right, self.right_cluster, other)


def rates_of(left: Side, right: Side, at: Indices, against: Indices) -> Rates | None:
    """Chances of success of `left` at the attempts `at` and of `right` at `against`; None with too few problems.

    On the problems that both have, or on all of each where they share fewer than two.
    """
    common = sorted(set(left.problems) & set(right.problems))
    is_paired = len(common) >= FEWEST
    ours, theirs = (side.only(common) if is_paired else side.counts for side in (left, right))
    if min(ours.problems, theirs.problems) < FEWEST:
        return None
    return Rates(
        solve_rates(ours, at)[ours.pair], solve_rates(theirs, against)[theirs.pair], ours.cluster, theirs.cluster,
        is_paired,
    )  # fmt: skip


def bounded(middle: float, error: float, critical: float, level: float) -> Estimate:
    """A difference with its t interval, within -1 and 1; without ends where nothing varies, or the interval is as wide
    as no data would make it.
    """
    low, high = max(-1.0, middle - critical * error), min(1.0, middle + critical * error)
    is_known = error > 0 and high - low < 2 * level
    return Estimate(float(middle), *((float(low), float(high)) if is_known else (None, None)))


def grid_of(most: int) -> Indices:
    """Numbers of attempts from one to `most`, evenly spaced in logs."""
    return np.unique(np.round(np.geomspace(1, most, POINTS)).astype(np.int64))


def crossing(log_x: Array, differences: Array, level: float, estimate: Array) -> Estimate | None:
    """Where a difference along `log_x` changes sign for the first time, with its confidence set from replicates.

    An end is None where the set has none within `log_x`. None if the estimate `(points,)` does not change sign.

    Args:
        log_x: The places `(points,)`.
        differences: Of each replicate `(replicates, points)`.
        level: Of the confidence set.
        estimate: The difference of all problems `(points,)`.
    """
    (place,) = _first(log_x, estimate[None], _side(estimate))
    if not np.isfinite(place):
        return None
    places = np.sort(_first(log_x, differences, _side(estimate)))
    tail = (1 - level) / 2
    low = float(places[int(np.floor(tail * (len(places) - 1)))])
    high = float(places[int(np.ceil((1 - tail) * (len(places) - 1)))])
    ends = (None if not np.isfinite(end) else float(np.exp(end)) for end in (low, high))
    return Estimate(float(np.exp(place)), *ends)


def _side(difference: Array) -> float:
    """The sign of the first difference that is not a tie."""
    known = difference[np.abs(difference) > TIE]
    return float(np.sign(known[0])) if len(known) else 1.0


def _first(log_x: Array, differences: Array, side: float) -> Array:
    """Where each curve first lies on the other side; -inf where it starts there, inf where it never does."""
    other = differences * side < -TIE
    first = np.argmax(other, axis=1)
    never = np.logical_not(other.any(axis=1))
    rows = np.arange(len(differences))
    before, after = differences[rows, np.maximum(first - 1, 0)], differences[rows, first]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(before != after, before / (before - after), 0.0)
    place = log_x[np.maximum(first - 1, 0)] + np.clip(share, 0, 1) * (log_x[first] - log_x[np.maximum(first - 1, 0)])
    return np.where(never, np.inf, np.where(first == 0, -np.inf, place))


def _means(rates: Array, cluster: Indices, resampling: ProblemResampling) -> Array:
    """The mean over problems of each replicate; a cluster is drawn with all of its problems."""
    units = make_counts(np.arange(1, len(rates) + 1), np.zeros(len(rates), dtype=np.int64), cluster)
    drawn = [weights @ rates / weights.sum(axis=1)[:, None] for weights in problem_weights(units, resampling)]
    return np.concatenate(drawn)


def _variance(rates: Array, cluster: Indices) -> tuple[Array, float]:
    """The variance of the mean over problems, by sums over clusters, and its degrees of freedom."""
    return error_of_mean(rates, cluster) ** 2, float(max(int(cluster.max()), 1))
