"""The weight of each point: from a column, a power of the run's size, or both; equal by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.prior import PRIORS, ParameterPrior, weak_priors
from scaling_cli.laws import Law
from scaling_cli.points.build import numbers
from scaling_cli.record import Record

if TYPE_CHECKING:
    import polars as pl

HIGHEST_POWER = 4.0  # above it, one point decides the fit


class Weighting(Record):
    """Column of weights, power of the run's size, and prior."""

    column: str | None = None
    power: float = 0.0
    prior: str = "none"

    def __post_init__(self) -> None:
        if not 0 <= self.power <= HIGHEST_POWER:
            raise UsageError(
                f"--scale-weight is {self.power:g}.", hint=f"Give a power from 0 to {HIGHEST_POWER:g}, such as 1."
            )
        if self.prior not in PRIORS:
            raise UsageError(f"No prior is called {self.prior!r}.", hint=f"Choose one of {', '.join(PRIORS)}.")

    def weights(self, frame: pl.DataFrame, inputs: Mapping[str, str]) -> Array | None:
        """Weights `(n,)` of the rows of `frame`, or None if all are equal.

        Raises:
            UsageError: The column does not exist, or --scale-weight has no compute to use.
            DataError: A weight or a scale is not positive.
        """
        weights = None
        if self.column is not None:
            weights = numbers(frame, self.column)
            _require_positive(weights, f"The weights in {self.column}", f"{self.column} > 0")
        if self.power:
            scale = self.scale(frame, inputs)
            if scale is None:
                raise UsageError(
                    "--scale-weight needs compute, and the data have none.",
                    hint="Add a compute column, or name a column of weights with --weight COLUMN.",
                )
            _require_positive(scale, "The values that --scale-weight raises to a power", "compute > 0")
            weights = (1.0 if weights is None else weights) * (scale / scale.max()) ** self.power
        return weights

    def scale(self, frame: pl.DataFrame, inputs: Mapping[str, str]) -> Array | None:
        """The size of each run `(n,)`: the one input, else compute, or params times tokens; None if not known."""
        if len(inputs) == 1:
            return numbers(frame, next(iter(inputs.values())))
        if "compute" in frame.columns and frame["compute"].null_count() == 0:
            return numbers(frame, "compute")
        if {"params", "tokens"} <= set(frame.columns):
            return numbers(frame, "params") * numbers(frame, "tokens")
        return None

    def formula(self, inputs: Mapping[str, str]) -> str | None:
        """The weights as a formula, such as `w * compute^1.5`; None if all points have equal weight."""
        scale = next(iter(inputs.values())) if len(inputs) == 1 else "compute"
        parts = [self.column] if self.column else []
        return " * ".join(parts + ([f"{scale}^{self.power:g}"] if self.power else [])) or None

    def priors(self, law: Law, lowest: float) -> tuple[ParameterPrior, ...]:
        """The priors on the parameters of `law`, given the smallest loss `lowest`."""
        return weak_priors(law, lowest) if self.prior == "weak" else ()


def _require_positive(values: Array, what: str, condition: str) -> None:
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise DataError(f"{what} are not all positive.", hint=f"Leave those rows out with --where '{condition}'.")
