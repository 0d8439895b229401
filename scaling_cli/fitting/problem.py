"""A law and the points to fit it to, as arrays.

A problem holds the law's inputs centred, so its coordinates are those on centred inputs. `raw` converts them to
coordinates on raw inputs, from which the law's parameters follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices, Inputs, numbered_columns
from scaling_cli.errors import DataError
from scaling_cli.fitting.objective import root_deviances
from scaling_cli.fitting.prior import ParameterPrior, Penalty, penalty
from scaling_cli.laws import Law, Scene
from scaling_cli.record import Record

MANY_POINTS, BLOCK = 1 << 16, 1 << 14  # points above which the solver visits them in blocks, and in a block
TINY = 1e-6  # of the largest loss: replaces the lowest loss where that is not positive
SMALL = -4.0  # log of a share of the loss: 2 %, large enough for the solver to have a gradient


class Problem(Record, dict=True):
    """A law and the points it is fitted to.

    Attributes:
        columns: The law's inputs as read, each `(n,)`.
        inputs: The prepared and centred inputs.
        shift, offset: The map from coordinates on raw inputs to those on centred ones (see `Law.centre`).
        observed: The loss `(n,)`; in the space `binomial`, shares.
        target: What the law is fitted to `(n,)`, in `space`: the loss or its log.
        runs: The number of each point's run `(n,)`.
        weights: Weights of the points `(n,)`, with mean 1.
        low, high: Bounds of the coordinates `(k,)`.
        penalty: Priors on coordinates, if there are any.
        attempts: In the space `binomial`, the mean number of attempts behind a share.
    """

    law: Law
    columns: Mapping[str, Array]
    inputs: Inputs
    shift: Array
    observed: Array
    target: Array
    space: str
    runs: Indices
    weights: Array
    low: Array
    high: Array
    offset: Array
    penalty: Penalty | None = None
    attempts: float = 1.0

    @property
    def scene(self) -> Scene:
        """The data on which the law's bounds and starts depend."""
        return Scene(self.inputs, *_extent(self.observed))

    @cached_property
    def run_count(self) -> int:
        """How many independent runs the points come from."""
        return int(self.runs.max()) + 1

    @cached_property
    def configurations(self) -> Indices:
        """The number of each point's inputs `(n,)`."""
        return numbered_columns(np.stack(list(self.columns.values())))

    @cached_property
    def _by_loss(self) -> Indices:
        return np.asarray(np.argsort(self.observed, kind="stable"))

    def spread(self, count: int) -> Indices:
        """The places of `count` points, evenly from the lowest loss to the highest."""
        places: Indices = self._by_loss[np.linspace(0, len(self.observed) - 1, count).astype(int)]
        return places

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Observed (or `target`) less predicted `(replicates, n)` in the problem's space, and the Jacobian."""
        evaluate = self.law.evaluate if self.space == "log" else self.law.evaluate_linear
        prediction, jacobian = evaluate(theta, self.inputs)
        if self.space == "binomial":
            root, slope = root_deviances(self.observed, prediction)
            # The target is zero, and the prediction the root with its sign reversed.
            return (0.0 if target is None else target) + root, -slope[:, :, None] * jacobian
        return (self.target if target is None else target) - prediction, jacobian

    def kept(self, _: Flags) -> Problem:
        """The problem itself, which is the same for every replicate."""
        return self

    def predictions(self, theta: Array) -> Array:
        """The predicted loss `(replicates, n)` at the problem's points."""
        if blocks := self.blocks():
            return np.concatenate([part.predictions(theta) for _, part in blocks], axis=1)
        return self.law.evaluate_linear(theta, self.inputs)[0]

    def misses(self, theta: Array) -> Array:
        """The residuals `(replicates, n)` without the Jacobian, which very many points would make large."""
        if blocks := self.blocks():
            return np.concatenate([part.residuals(theta)[0] for _, part in blocks], axis=1)
        return self.residuals(theta)[0]

    def raw(self, theta: Array) -> Array:
        """Coordinates on raw inputs `(replicates, k)`, where coefficients at their lower bound count as zero."""
        return np.where((theta <= self.low) & self.law.vanishing, -np.inf, self.uncentred(theta))

    def uncentred(self, theta: Array) -> Array:
        """Coordinates on raw inputs `(replicates, k)`, where coefficients at their lower bound stay there."""
        coordinates: Array = (theta - self.offset) @ self._inverse
        return coordinates

    @cached_property
    def _inverse(self) -> Array:
        return np.asarray(np.linalg.inv(self.shift).T, dtype=float)

    def off_zero(self, theta: Array) -> Array:
        """Starts `theta` with zero coefficients replaced by small positive ones.

        The gradient in the log of a coefficient vanishes at zero, so the solver could not leave it. If the problem has
        priors, coordinates far from them are moved closer as well.
        """
        risen = np.where(self.law.vanishing, np.maximum(theta, np.log(self.scene.lowest) + SMALL), theta)
        return risen if self.penalty is None else self.penalty.within_reach(risen)

    def parameters(self, theta: Array) -> Array:
        """Parameters as papers print them `(replicates, k)`."""
        return self.law.to_parameters(self.raw(theta))

    def blocks(self) -> list[tuple[slice, Problem]]:
        """Parts of a problem of very many points, each after its points; none where all are visited at once."""
        n = len(self.observed)
        if n <= MANY_POINTS or not self.law.takes_rows or self.law.is_curve:
            return []
        places = [slice(first, first + BLOCK) for first in range(0, n, BLOCK)]
        return [(points, self.subset(points)) for points in places]

    def subset(self, points: Indices | slice) -> Problem:
        """The problem restricted to some of its points, in unchanged coordinates."""
        return Problem(
            self.law,
            {name: values[points] for name, values in self.columns.items()},
            {name: values[points] for name, values in self.inputs.items()},
            self.shift, self.observed[points], self.target[points], self.space, self.runs[points],
            self.weights[points], self.low, self.high, self.offset, self.penalty, self.attempts,
        )  # fmt: skip


def problem_from_arrays(
    law: Law,
    columns: Mapping[str, Array],
    observed: Array,
    runs: Indices,
    space: str = "log",
    *,
    weights: Array | None = None,
    priors: tuple[ParameterPrior, ...] = (),
    named: Mapping[str, str] | None = None,
) -> Problem:
    """The problem of fitting `law` to points given as arrays `(n,)`.

    `runs` is the number of each point's run, from 0. `weights` `(n,)` are scaled to mean 1. `named` has the names that
    errors use for inputs.
    """
    _check_values(law, columns, observed, space, named or {})
    inputs, shift, offset = law.centre(law.prepare({**columns, "run": runs.astype(float)} if law.is_curve else columns))
    low, high = law.bounds(Scene(inputs, *_extent(observed)))
    target = np.log(observed) if space == "log" else np.zeros_like(observed) if space == "binomial" else observed
    attempts = 1.0 if weights is None or space != "binomial" else float(weights.mean())
    weights = np.ones(len(observed)) if weights is None else weights / weights.mean()
    return Problem(
        law,
        columns,
        inputs,
        shift,
        observed,
        target,
        space,
        runs,
        weights,
        low,
        high,
        offset,
        penalty(law, priors),
        attempts,
    )


def _check_values(
    law: Law, columns: Mapping[str, Array], observed: Array, space: str, named: Mapping[str, str]
) -> None:
    """Refuse inputs and losses that the law cannot be fitted to.

    Raises:
        DataError: Values are not finite, or outside of what the law or the space takes.
    """
    for name, values in [*columns.items(), ("loss", observed)]:
        is_usable = (space != "log" or bool((values > 0).all())) if name == "loss" else law.takes(name, values)
        shown = named.get(name, name)
        if not np.isfinite(values).all():
            raise DataError(
                f"{shown} has values that are not finite numbers.",
                hint=f"Leave them out with --where '{shown} < 1e300'.",
            )
        if not is_usable and (values > 0).any() and law.takes(name, np.zeros(1)) and name != "loss":
            raise DataError(
                f"{shown} has negative values, which {law.name} cannot take.",
                hint=f"Correct them, or leave them out with --where '{shown} >= 0'.",
            )
        if not is_usable:
            raise DataError(
                f"{shown} has values that are not positive, but {law.name} is fitted to logarithms.",
                hint=f"Leave them out with --where '{shown} > 0'"
                + (", or fit with --space linear." if name == "loss" else "."),
            )
    if space == "binomial" and not ((observed >= 0) & (observed <= 1)).all():
        raise DataError(
            "A binomial fit needs outcomes that are 0 or 1, or shares, but some values lie outside 0 to 1.",
            hint="Choose a column of shares with --loss, or divide percentages by 100.",
        )


def _extent(observed: Array) -> tuple[float, float]:
    """The lowest and the highest loss, as positive numbers."""
    highest = float(np.abs(observed).max()) or 1.0
    return max(float(observed.min()), TINY * highest), highest
