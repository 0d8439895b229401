"""Profile intervals of a parameter, and of its difference between two groups.

The profile of a group is its best objective O(v) with one parameter held at v and the others free. For two groups whose
parameter differs by d, the best objective is the minimum over v of O_left(v + d) + O_right(v), so profiles of single
groups are enough for every pair and every difference. The interval holds the values at which the objective is within a
cut-off of the minimum. Unlike an estimate plus or minus its error, it may be asymmetric, and it has no end where the
data set no limit.

The signed root of a profile is nearly a straight line, so a few nodes and linear interpolation suffice.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.comparison.models import Member, scaled_inverse
from scaling_cli.arrays import Array
from scaling_cli.fitting.ask import Ask, Asking
from scaling_cli.fitting.objective import LAD_DELTA, robust_scale
from scaling_cli.record import Record

NODES = 41
REACH = 60.0  # standard errors to either side: if the profile flattens, the end may be far
FINE = 8  # points between nodes on which two profiles are added
DIFFERENCES = 161
LEAST_INSIDE = 0.3  # of the points: from a smaller share the curvature cannot be estimated
LAD_INFLATION = 1.2533  # sqrt(pi / 2): error of a Gaussian's median over that of its mean
SPREAD = 4.0  # how much denser nodes are at the estimate than far from it


class ParameterProfile(Record):
    """Values of a parameter `(NODES,)`, and at each the signed root of twice the rise of the objective.

    `unit_error` is its standard error for residuals of standard deviation 1.
    """

    estimate: float
    error: float
    values: Array
    roots: Array
    unit_error: float

    def interval(self, cut: float, scale: float) -> tuple[float | None, float | None]:
        """Ends at which the statistic reaches `cut`, for residuals of standard deviation `scale`; None for no end."""
        return crossings(self.values, self.roots / scale, np.sqrt(cut))


class DifferenceProfile(Record):
    """Differences of a parameter, left less right, and the signed root of the statistic at each."""

    estimate: float
    values: Array
    roots: Array

    def interval(self, cut: float) -> tuple[float | None, float | None]:
        """Ends at which the statistic reaches `cut`; None where the data set no limit."""
        return crossings(self.values, self.roots, np.sqrt(cut))

    def statistic(self, difference: float) -> float:
        """The statistic of the hypothesis that the difference is this one."""
        return float(np.interp(difference, self.values, self.roots) ** 2)


def standard_errors(member: Member, scale: float) -> Array:
    """Standard errors `(k,)` of the coordinates from design and noise, with floors free."""
    residuals, slopes = (values[0] for values in member.problem.residuals(member.theta[None]))
    if member.shape is not None:
        residuals = residuals / member.shape
    jacobian = slopes * np.sqrt(member.problem.weights)[:, None]
    inverse, length = scaled_inverse(jacobian)
    errors: Array = noise_of_errors(member, residuals, scale) * np.sqrt(np.maximum(np.diag(inverse), 0.0)) / length
    return errors


def noise_of_errors(member: Member, residuals: Array, scale: float) -> float:
    """The noise for which errors of least squares are those of the group's objective.

    A robust fit uses less of the data than least squares: for `scale`^2 = mean psi^2 / m, with m = mean psi' the share
    of points inside delta, errors are larger by 1 / sqrt(m) (Huber 1981, section 7.6, whose factor K is in the scale).
    Least absolute deviations have no curvature; their errors are those for Gaussian noise of the median residual size.
    """
    if member.delta <= LAD_DELTA:
        return float(LAD_INFLATION * robust_scale(residuals, len(member.theta)))
    if not np.isfinite(member.delta):
        return scale
    return scale / float(np.sqrt(max(float((np.abs(residuals) <= member.delta).mean()), LEAST_INSIDE)))


def profile_asking(member: Member, parameter: str, scale: float) -> Asking[ParameterProfile]:
    """The profile of an exponent or a floor of one group, whose residuals have standard deviation `scale`."""
    problem = member.problem
    k = problem.law.names.index(parameter)
    estimate, low, high = float(member.theta[k]), float(problem.low[k]), float(problem.high[k])
    error = float(standard_errors(member, scale)[k])
    values = np.unique(np.clip(estimate + REACH * error * spread(NODES), low, high))
    values = np.unique(np.append(values, estimate))
    start = np.tile(problem.off_zero(member.theta[None]), (len(values), 1))
    start[:, k] = values
    fixed = np.zeros(len(member.theta), dtype=bool)
    fixed[k] = True
    best = (yield Ask(problem, start, member.near, fixed=fixed)).value
    rise = np.maximum(best - best.min(), 0.0)
    return ParameterProfile(estimate, error, values, np.sign(values - estimate) * np.sqrt(2 * rise), error / scale)


def difference_profile(
    left: ParameterProfile, right: ParameterProfile, scales: tuple[float, float]
) -> DifferenceProfile:
    """Every difference of a parameter between two groups, with the statistic of that difference."""
    estimate = left.estimate - right.estimate
    widest = REACH * float(np.hypot(left.error, right.error))
    lowest, highest = left.values[0] - right.values[-1], left.values[-1] - right.values[0]
    differences = np.unique(np.clip(estimate + widest * spread(DIFFERENCES), lowest, highest))
    at = _finer(np.unique(np.concatenate([right.values, left.values - estimate])))
    other = _statistic(right, at, scales[1])
    total = np.min(_statistic(left, at + differences[:, None], scales[0]) + other, axis=1)
    here = float(np.min(_statistic(left, at + estimate, scales[0]) + other))
    roots = np.sign(differences - estimate) * np.sqrt(np.maximum(total - here, 0.0))
    return DifferenceProfile(estimate, differences, roots)


def _statistic(parameter_profile: ParameterProfile, values: Array, scale: float) -> Array:
    """The statistic of a profile at `values`; infinite beyond its nodes, which end at the law's bounds or far away."""
    inside = (values >= parameter_profile.values[0]) & (values <= parameter_profile.values[-1])
    statistic: Array = np.where(
        inside, (np.interp(values, parameter_profile.values, parameter_profile.roots) / scale) ** 2, np.inf
    )
    return statistic


def spread(count: int) -> Array:
    """Steps from -1 to 1 that are densest at 0."""
    across = np.linspace(-1, 1, count)
    steps: Array = np.sinh(SPREAD * across) / np.sinh(SPREAD)
    return steps


def _finer(values: Array) -> Array:
    places = np.linspace(0, len(values) - 1, FINE * (len(values) - 1) + 1)
    return np.interp(places, np.arange(len(values)), values)


def crossings(values: Array, roots: Array, cut: float) -> tuple[float | None, float | None]:
    """Where a rising curve passes -cut and +cut, nearest to its zero; None if it never does.

    A curve of one value is that of a parameter which data without noise determine to the last digit.
    """
    if len(values) == 1:
        return float(values[0]), float(values[0])
    zero = int(np.argmin(np.abs(roots)))
    above = np.flatnonzero(roots[zero:] >= cut)
    below = np.flatnonzero(roots[: zero + 1] <= -cut)
    low = _between(values, roots, int(below[-1]), -cut) if len(below) else None
    high = _between(values, roots, zero + int(above[0]) - 1, cut) if len(above) else None
    return low, high


def _between(values: Array, roots: Array, left: int, cut: float) -> float:
    left = min(max(left, 0), len(values) - 2)  # the first or last value is already beyond the cut
    share = np.clip((cut - roots[left]) / (roots[left + 1] - roots[left]), 0.0, 1.0)
    return float(values[left] + share * (values[left + 1] - values[left]))
