"""The noise of each group, as the tests see it: the scale of the residuals of its own fit, in the objective's units.

A variance from few residuals is unreliable, so each is pooled with `SHARED_FREEDOM` residuals of average size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import erf

from scaling_cli.analysis.comparison.models import SMALLEST_SCALE, Member, parts
from scaling_cli.arrays import Array
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, LAD_DELTA, MAD_TO_SIGMA

SHARED_FREEDOM = 1.0
ALONE, MANY = 2, 20  # points more than parameters: a group with two is not pooled with one of more than twenty
TUNED_SHARE = float(erf(HUBER_EFFICIENCY / np.sqrt(2)))  # share of Gaussian noise inside a delta that follows it


def noise_scales(
    groups: Sequence[Member],
    thetas: Sequence[Array],
    target: Array,
    deltas: Sequence[float | Array],
    shape: Array | None = None,
) -> Array:
    """Scale of each group's residuals `(replicates, groups)`, shrunk towards that of all groups.

    With `shape` `(replicates, n)`, the noise of each point over that of its group, residuals are in units of it.
    """
    squares = []
    for group, theta, delta, part in zip(groups, thetas, deltas, parts(groups), strict=True):
        residuals, _ = group.problem.residuals(theta, target[:, part])
        if shape is not None:
            residuals /= shape[:, part]
        squares.append(robust_square(residuals, group, delta))
    sums = np.stack(squares, axis=1)
    freedom = np.array([max(group.freedom, 1) for group in groups], dtype=float)
    pooled = sums.sum(axis=1, keepdims=True) / freedom.sum()
    shared = shared_freedom(groups)
    scales = np.sqrt((sums + shared * pooled) / (freedom + shared))
    return np.asarray(np.maximum(scales, SMALLEST_SCALE))


def shared_freedom(groups: Sequence[Member]) -> Array:
    """With how many residuals of average size the variance of each group is pooled `(groups,)`.

    If one group has two more points than parameters and another one many, the average is that of the larger group. It
    would then be a third of the small group's variance, and the test would reject hardly ever if the groups' noise is
    equal, but more often the noisier the small group is. Its own residuals, read against F, give the right size for any
    noise.
    """
    spare = [group.freedom for group in groups]
    return np.full(len(groups), 0.0 if min(spare) == ALONE and max(spare) > MANY else SHARED_FREEDOM)


def robust_square(residuals: Array, group: Member, delta: float | Array) -> Array:
    """Sum of squared residuals `(replicates,)`, in the units of the objective.

    Twice a difference of Huber objectives is about chi-squared in units of mean psi^2 / mean psi' (Schrader and
    Hettmansperger 1980); for least squares that is the variance. mean psi' is the share of points inside delta. For
    least absolute deviations data cannot give it, and that of Gaussian noise is used.
    """
    pull = np.clip(residuals, -delta, delta)
    if group.delta <= LAD_DELTA:
        inside = gaussian_share(residuals, group, delta)
    else:
        inside = np.maximum((np.abs(residuals) <= delta).mean(axis=1), 0.1) / overfit(residuals, group, delta)
    total: Array = np.einsum("rn,rn,n->r", pull, pull, group.problem.weights) / inside
    return total


def overfit(residuals: Array, group: Member, delta: float | Array) -> float | Array:
    """Factor by which the share of residuals inside delta is too large, because they are residuals of a fit.

    To first order it is 1 + k/n (1 - m)/m (Huber 1981, section 7.6). m is the share of Gaussian noise inside delta,
    since the observed share would jump with few points. If delta is tuned to these residuals, mean psi^2 / mean psi'
    varies as if it had 0.7 of its degrees of freedom (simulated with 6 to 30 points), which a second such factor
    corrects.
    """
    ratio = len(group.theta) / group.points
    if group.is_tuned:
        return (1 + ratio * (1 / TUNED_SHARE - 1)) ** 2
    return 1 + ratio * (1 / np.maximum(gaussian_share(residuals, group, delta), SMALLEST_SCALE) - 1)


def gaussian_share(residuals: Array, group: Member, delta: float | Array) -> Array:
    """Share inside delta `(replicates,)` of Gaussian noise with the median size of the residuals."""
    spread = np.sqrt(group.points / max(group.freedom, 1)) * MAD_TO_SIGMA * middle_size(residuals)
    share: Array = erf(np.atleast_1d(delta)[..., 0] / np.maximum(spread, SMALLEST_SCALE) / np.sqrt(2))
    return share


def middle_size(residuals: Array) -> Array:
    """Median absolute residual `(replicates,)` of residuals `(replicates, n)`; np.median would import numpy.ma."""
    size = np.sort(np.abs(residuals), axis=1)
    n = residuals.shape[1]
    medians: Array = (size[:, n // 2] + size[:, (n - 1) // 2]) / 2
    return medians
