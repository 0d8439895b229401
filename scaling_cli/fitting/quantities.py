"""The quantities that get intervals: the parameters of a law and the quantities derived from them, in one list.

Each is handled on the scale where it is closest to normal: the log of positive coefficients, the value of all others.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Flags
from scaling_cli.fitting.problem import Problem
from scaling_cli.record import Record

STEP = 1e-5  # for central differences, of coordinates: exponents and logs are of order one, other numbers of any size


class Quantities(Record):
    """Parameters, then derived quantities, of a problem's law; they are the last axis `(q,)` of all arrays."""

    problem: Problem

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in order."""
        return (*self.problem.law.names, *(quantity.name for quantity in self.problem.law.derived))

    @property
    def is_log(self) -> Flags:
        """Which quantities are handled in logs."""
        positive = [parameter.positive for parameter in self.problem.law.parameters]
        return np.array([*positive, *(False for _ in self.problem.law.derived)])

    def of_parameters(self, parameters: Array) -> Array:
        """Values `(replicates, q)` from parameters as papers print them `(replicates, k)`."""
        by_name = dict(zip(self.problem.law.names, parameters.T, strict=True))
        derived = [quantity.compute(by_name) for quantity in self.problem.law.derived]
        return np.column_stack([parameters, *derived])

    def scaled(self, theta: Array) -> Array:
        """Values `(replicates, q)` on their own scale, from coordinates `(replicates, k)` on centred inputs."""
        law = self.problem.law
        raw = self.problem.uncentred(theta)
        values = self.of_parameters(law.to_parameters(raw))
        values[:, : len(law.names)] = raw  # coordinates are the logs of what is positive
        return values

    def gradients(self, theta: Array) -> Array:
        """Derivatives `(replicates, q, k)` of the scaled values, by central differences."""
        count, k = theta.shape
        sizes = STEP * np.maximum(1.0, np.abs(theta))
        steps = sizes[:, :, None] * np.eye(k)
        moved = np.stack([theta[:, None] + steps, theta[:, None] - steps])
        ahead, behind = self.scaled(moved.reshape(-1, k)).reshape(2, count, k, -1)
        return np.asarray((ahead - behind).swapaxes(1, 2) / (2 * sizes[:, None, :]))

    def unscaled(self, values: Array) -> Array:
        """Values as papers print them, from those on their own scale; both `(..., q)`."""
        with np.errstate(over="ignore"):
            return np.where(self.is_log, np.exp(np.where(self.is_log, values, 0.0)), values)
