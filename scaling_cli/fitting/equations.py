"""The normal equations of a robust fit, from the residuals and slopes at all points, or summed over blocks of points.

With psi = w clip(r, -delta, delta) and J the Jacobian of the predictions, the gradient is J' psi and the normal matrix
sum_i v_i J_i J_i', where v is w inside delta, and outside it a fraction of w delta / |r|: the relaxation. A step that
fails asks again with another relaxation.

`AtPoints` keeps residuals and slopes, so each matrix needs one product. Very many points would take ten times the
memory of the data, and arrays that do not fit the caches: `OverBlocks` visits some thousand points at a time, and keeps
only the sums over points inside and outside delta.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices, by_coordinates, from_coordinates
from scaling_cli.fitting.normal import TINY
from scaling_cli.fitting.objective import huber
from scaling_cli.record import State


class Predicted(Protocol):
    """A problem, or several of them, as far as its residuals are needed."""

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Target less prediction `(replicates, n)`, and the prediction's Jacobian `(replicates, n, k)`."""


Block: TypeAlias = tuple[slice, Predicted]


class Data(State):
    """What each replicate is fitted to: `target` and `weights` `(replicates, n)`.

    `delta` is `(replicates, 1)` or `(replicates, n)`.
    """

    target: Array
    weights: Array
    delta: Array

    def keep(self, mask: Flags) -> Data:
        """The data of some of the replicates."""
        return Data(*(each.compress(mask, axis=0) for each in (self.target, self.weights, self.delta)))

    def at(self, points: slice) -> Data:
        """The data of some of the points."""
        delta = self.delta if self.delta.shape[1] == 1 else self.delta[:, points]
        return Data(self.target[:, points], self.weights[:, points], delta)


class AtPoints(State):
    """Residuals `(replicates, n)`, and slopes `(k, replicates, n)`: the Jacobian, by coordinate."""

    residuals: Array
    slopes: Array

    def keep(self, mask: Flags) -> AtPoints:
        """Those of some of the replicates."""
        return AtPoints(self.residuals.compress(mask, axis=0), self.slopes.compress(mask, axis=1))

    def put(self, rows: Indices, other: Equations) -> None:
        """Take some replicates from another."""
        assert isinstance(other, AtPoints)
        self.residuals[rows], self.slopes[:, rows] = other.residuals[rows], other.slopes[:, rows]

    def equations(self, data: Data, relaxation: Array) -> tuple[Array, Array]:
        """`J' psi` `(replicates, k)` and the normal matrix `(replicates, k, k)`, by one product of matrices."""
        size = np.abs(self.residuals)
        k = len(self.slopes)
        weighted = np.empty((k + 1, *size.shape))
        pull = np.minimum(size, data.delta, out=weighted[k])
        np.copysign(pull, self.residuals, out=pull)
        pull *= data.weights
        outside = size > data.delta
        np.maximum(size, TINY, out=size)
        curvature = np.where(outside, (relaxation[:, None] * data.delta) / size, 1.0)
        curvature *= data.weights
        np.multiply(self.slopes, curvature, out=weighted[:k])
        product = np.matmul(weighted.swapaxes(0, 1), from_coordinates(self.slopes))
        return product[:, k], product[:, :k]


class OverBlocks(State):
    """Sums over points: the gradient `(replicates, k)`, and the matrices `(replicates, k, k)` in and outside delta."""

    gradient: Array
    inside: Array
    outside: Array

    def keep(self, mask: Flags) -> OverBlocks:
        """Those of some of the replicates."""
        return OverBlocks(*(each.compress(mask, axis=0) for each in (self.gradient, self.inside, self.outside)))

    def put(self, rows: Indices, other: Equations) -> None:
        """Take some replicates from another."""
        assert isinstance(other, OverBlocks)
        for name in self.__struct_fields__:
            getattr(self, name)[rows] = getattr(other, name)[rows]

    def equations(self, _: Data, relaxation: Array) -> tuple[Array, Array]:
        """`J' psi` `(replicates, k)` and the normal matrix `(replicates, k, k)`."""
        return self.gradient.copy(), self.inside + relaxation[:, None, None] * self.outside


Equations: TypeAlias = AtPoints | OverBlocks


def evaluated(problem: Predicted, theta: Array, data: Data, blocks: Sequence[Block]) -> tuple[Array, Equations]:
    """The summed Huber objective `(replicates,)` at `theta` `(replicates, k)`, and what the normal equations need.

    Where there are very many points, `blocks` are parts of the problem, and the points that each has.
    """
    if not blocks:
        residuals, jacobian = problem.residuals(theta, data.target)
        return huber(residuals, data.weights, data.delta), AtPoints(residuals, by_coordinates(jacobian))
    count, k = theta.shape
    value, sums = np.zeros(count), OverBlocks(np.zeros((count, k)), np.zeros((count, k, k)), np.zeros((count, k, k)))
    for points, part in blocks:
        here = data.at(points)
        residuals, jacobian = part.residuals(theta, here.target)
        value += huber(residuals, here.weights, here.delta)
        _add(sums, here, residuals, by_coordinates(jacobian))
    return value, sums


def _add(sums: OverBlocks, data: Data, residuals: Array, slopes: Array) -> None:
    """Add the points of a block."""
    size = np.abs(residuals)
    k = len(slopes)
    weighted = np.empty((2 * k + 1, *size.shape))
    pull = np.minimum(size, data.delta, out=weighted[-1])
    np.copysign(pull, residuals, out=pull)
    pull *= data.weights
    outside = size > data.delta
    np.multiply(slopes, np.where(outside, 0.0, data.weights), out=weighted[:k])
    np.maximum(size, TINY, out=size)
    np.multiply(slopes, np.where(outside, data.weights * data.delta / size, 0.0), out=weighted[k : 2 * k])
    product = np.matmul(weighted.swapaxes(0, 1), from_coordinates(slopes))
    sums.inside += product[:, :k]
    sums.outside += product[:, k : 2 * k]
    sums.gradient += product[:, 2 * k]
