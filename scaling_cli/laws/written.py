"""Formulas that users write, fitted in coordinates that do not depend on the units of their columns.

The formula is evaluated on the columns as they are. Only the coordinates are those of columns divided by their
geometric mean: a coefficient absorbs the powers of inputs that multiply it (see `places`). So nothing depends on
whether the formula could be rewritten for such columns. The means are stored with the inputs, one copy per point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from scaling_cli.arrays import Array, Inputs
from scaling_cli.formula.tree import Node
from scaling_cli.laws.formula import FormulaLaw
from scaling_cli.laws.law import Scene

GRID_SIZE = 1_500  # nodes; a larger grid of all combinations is replaced by as many scattered ones
SCATTERED = 3_000
NEGATIVE = 0.25  # share of scattered starts below zero, of a parameter that may have either sign
MEAN = "mean of "  # before the name of an input, in `inputs`: the mean of its log


class WrittenLaw(FormulaLaw, kw_only=True):
    """A law that a user wrote; `tree` is its formula, with levels of parameters as sums."""

    is_written: ClassVar[bool] = True

    tree: Node

    @property
    def _whole(self) -> Node:
        return self.tree

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """The inputs with the means of their logs, and the map to coordinates that absorb these means."""
        means = {item.input: np.asarray(np.mean(inputs[item.input])) for item in self.absorbs if item.input in inputs}
        n = next(iter(inputs.values())).shape[-1]
        matrix, offset = self._absorbed(means)
        kept = {MEAN + name: np.broadcast_to(mean, (n,)) for name, mean in means.items()}
        return {**inputs, **kept}, matrix, offset

    def _absorbed(self, means: Mapping[str, Array]) -> tuple[Array, Array]:
        """The map `(k, k)` and `(k,)`, or one of each replicate where the means `(replicates,)` are theirs."""
        k, first = len(self.names), np.shape(next(iter(means.values()), 0.0))
        matrix, offset = np.broadcast_to(np.eye(k), (*first, k, k)).copy(), np.zeros((*first, k))
        for item in self.absorbs:
            if item.input not in means:
                continue
            row, amount = self.names.index(item.coordinate), item.sign * means[item.input]
            if item.by is None:
                offset[..., row] += amount
            elif item.by != item.coordinate:
                matrix[..., row, self.names.index(item.by)] += amount
        return matrix, offset

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The formula and its Jacobian in the coordinates."""
        means = {name.removeprefix(MEAN): values[..., 0] for name, values in inputs.items() if name.startswith(MEAN)}
        if not means:
            return FormulaLaw.evaluate_linear(self, theta, inputs)
        matrix, offset = self._absorbed(means)
        back = np.linalg.inv(matrix)
        own = {name: values for name, values in inputs.items() if not name.startswith(MEAN)}
        across = back.swapaxes(-1, -2)
        raw = np.matmul((theta - offset)[:, None], across)[:, 0]
        value, jacobian = FormulaLaw.evaluate_linear(self, raw, own)
        with np.errstate(invalid="ignore", over="ignore"):  # the solver rejects values that overflowed
            return value, np.matmul(across, jacobian.swapaxes(1, 2)).swapaxes(1, 2)

    def nodes(self, scene: Scene) -> Array | None:
        """Starts scattered over the ranges of the axes, where all combinations of their values are too many."""
        axes = {name: np.unique(values) for name, values in self.axes(scene).items()}
        if np.prod([float(len(values)) for values in axes.values()]) <= GRID_SIZE:
            return None
        nodes = np.zeros((SCATTERED, len(self.names)))
        for place, share in zip(axes, scattered(SCATTERED, len(axes)).T, strict=True):
            nodes[:, self.names.index(place)] = _along(axes[place], share)
        return nodes


def _along(values: Array, share: Array) -> Array:
    """Values at these shares of the way through sorted `values`; fewer of them negative, where they have both signs."""
    below, above = values[values < 0], values[values > 0]
    if not (len(below) and len(above)):
        return np.interp(share * (len(values) - 1), np.arange(len(values)), values)
    is_below = share < NEGATIVE
    low = _along(below, share / NEGATIVE)
    high = _along(above, (share - NEGATIVE) / (1 - NEGATIVE))
    return np.where(is_below, low, high)


def scattered(count: int, dimensions: int) -> Array:
    """Evenly scattered points of the unit cube `(count, dimensions)`: the additive recurrence of Roberts 2018.

    Its steps are powers of the root of x^(d + 1) = x + 1, which generalises the golden ratio.
    """
    root = 2.0
    for _ in range(50):
        root = (1 + root) ** (1 / (dimensions + 1))
    steps = root ** -np.arange(1.0, dimensions + 1)
    shares: Array = (0.5 + np.arange(1, count + 1)[:, None] * steps) % 1.0
    return shares
