"""The profile of a difference between two groups that share parameters with it, in the fit of all groups.

As in `profile.py`, the statistic of a difference is how much the objective rises if that difference is held and all
else is free. The groups are fitted together here, so the difference itself becomes a coordinate of the joint fit: that
of the group on the right is the other's less the difference.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.comparison.models import JointProblem, solve_in_chunks
from scaling_cli.analysis.comparison.nested import ContrastFit
from scaling_cli.analysis.comparison.profile import NODES, REACH, DifferenceProfile, spread
from scaling_cli.arrays import Array, Flags
from scaling_cli.record import Record


class ByDifference(Record):
    """A joint problem with the difference of two coordinates, left less right, in place of the one on the right."""

    joint: JointProblem
    left: int
    right: int
    penalty: None = None

    @property
    def target(self) -> Array:
        """What is fitted, `(n,)`."""
        return self.joint.target

    @property
    def weights(self) -> Array:
        """Weights of the points, `(n,)`."""
        return self.joint.weights

    @property
    def low(self) -> Array:
        """Lower bounds of the coordinates `(K,)`."""
        low = self.joint.low.copy()
        low[self.right] = self.joint.low[self.left] - self.joint.high[self.right]
        return low

    @property
    def high(self) -> Array:
        """Upper bounds of the coordinates `(K,)`."""
        high = self.joint.high.copy()
        high[self.right] = self.joint.high[self.left] - self.joint.low[self.right]
        return high

    def turned(self, theta: Array) -> Array:
        """The joint coordinates `(rows, K)` of those by difference, and the other way round."""
        turned = theta.copy()
        turned[:, self.right] = theta[:, self.left] - theta[:, self.right]
        return turned

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Residuals `(rows, n)` and Jacobian `(rows, n, K)`."""
        residuals, jacobian = self.joint.residuals(self.turned(theta), target)
        jacobian[:, :, self.left] += jacobian[:, :, self.right]
        jacobian[:, :, self.right] *= -1
        return residuals, jacobian

    def kept(self, _: Flags) -> ByDifference:
        """The problem itself, which is the same for every row."""
        return self


def joint_difference_profile(fit: ContrastFit, left: int, right: int, error: float) -> DifferenceProfile:
    """The statistic of differences of two coordinates of the wider model.

    Args:
        fit: The fit of a contrast whose wider model has all groups.
        left: The coordinate of one group.
        right: That of the other.
        error: Standard error of the difference.
    """
    wider, fitted = fit.contrast.wider, fit.fitted
    assert wider is not None
    assert fitted is not None
    problem = ByDifference(wider, left, right)
    estimate = float(fitted[left] - fitted[right])
    values = estimate + REACH * error * spread(NODES)
    values = np.unique(np.append(np.clip(values, problem.low[right], problem.high[right]), estimate))
    start = problem.turned(np.tile(fitted, (len(values), 1)))
    start[:, right] = values
    rows = (len(values), 1)
    solution = solve_in_chunks(
        problem, start, delta=np.tile(fit.near, rows), weights=np.tile(fit.weights, rows),
        fixed=np.arange(len(fitted)) == right,
    )  # fmt: skip
    rise = np.maximum(solution.value - solution.value[values == estimate], 0.0)
    return DifferenceProfile(estimate, values, np.sign(values - estimate) * np.sqrt(2 * rise))
