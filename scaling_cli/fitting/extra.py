"""What the objective of a fit has beside its points: priors on coordinates, and a quantity that is held."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.prior import Penalty
from scaling_cli.record import Record


class Constraint(Record):
    """A quantity held near a value in each replicate, by `stiffness / 2 * (quantity - value)^2` in its objective.

    `measure` gives, for coordinates `(replicates, k)` and the replicates' numbers `(replicates,)`, each one's quantity
    `(replicates,)` and its gradient `(replicates, k)`; `value` and `stiffness` are `(replicates,)`.
    """

    measure: Callable[[Array, Indices], tuple[Array, Array]]
    value: Array
    stiffness: Array

    def pull(self, theta: Array, index: Indices) -> tuple[Array, Array, Array]:
        """How far each quantity is off, its gradient, and the stiffness."""
        quantity, gradient = self.measure(theta, index)
        return quantity - self.value[index], gradient, self.stiffness[index]


class Extra(Record):
    """What the objective has beside the points: priors, of one strength for each replicate, and a constraint."""

    penalty: Penalty | None
    strength: Array
    constraint: Constraint | None

    def value(self, theta: Array, index: Indices) -> Array | float:
        """What is added to the objective `(replicates,)`."""
        if self.penalty is None and self.constraint is None:
            return 0.0
        added = np.zeros(len(theta))
        if self.penalty is not None:
            added += 0.5 * self.strength[index] * (self.penalty.of(index).residuals(theta)[0] ** 2).sum(axis=1)
        if self.constraint is not None:
            off, _, stiffness = self.constraint.pull(theta, index)
            added += 0.5 * stiffness * off**2
        return added

    def add_to(self, gradient: Array, normal: Array, theta: Array, index: Indices) -> None:
        """Add to the normal equations of the replicates `index`, in place."""
        if self.penalty is not None:
            where, strength = self.penalty.index, self.strength[index, None]
            miss, slope = self.penalty.of(index).residuals(theta)
            gradient[:, where] -= strength * miss * slope
            normal[:, where, where] += strength * slope**2
        if self.constraint is not None:
            off, slopes, stiffness = self.constraint.pull(theta, index)
            gradient -= (stiffness * off)[:, None] * slopes
            normal += stiffness[:, None, None] * slopes[:, :, None] * slopes[:, None, :]
