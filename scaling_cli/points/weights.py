"""How much each point counts: by a column of weights, by a power of its scale, or equally."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.prior import ParameterPrior, weak_priors
from scaling_cli.laws import Law
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.points.table import PointTable
from scaling_cli.record import Record


class Weighting(Record):
    """The column of weights, the power of scale that they are multiplied by, and the prior."""

    column: str | None = None
    power: float = 0.0
    prior: str = "none"

    def weights(self, points: PointTable, inputs: Mapping[str, str]) -> Array | None:
        """The weights `(n,)` of the points, or None where they are equal.

        Raises:
            UsageError: The column does not exist, or --scale-weight has no compute to use.
            DataError: A weight or a scale is not positive.
        """
        weights = None
        if self.column is not None:
            weights = points.numbers(self.column, own=True)
            _require_positive(weights, f"The weights in {self.column}", f"{self.column} > 0")
        if self.power:
            scale = scale_of(points, inputs)
            if scale is None:
                raise UsageError(
                    "--scale-weight needs compute, but the data have none.",
                    hint="Add a compute column, or name a column of weights with --weight COLUMN.",
                )
            _require_positive(scale, "The values that --scale-weight raises to a power", "compute > 0")
            weights = (1.0 if weights is None else weights) * (scale / scale.max()) ** self.power
        return weights

    def formula(self, inputs: Mapping[str, str]) -> str | None:
        """The weights as a formula: `w * compute^1.5`; None where they are equal."""
        scale = next(iter(inputs.values())) if len(inputs) == 1 else "compute"
        parts = [self.column] if self.column else []
        return " * ".join(parts + ([f"{scale}^{self.power:g}"] if self.power else [])) or None

    def priors(self, law: Law, lowest: float) -> tuple[ParameterPrior, ...]:
        """The prior on the parameters of `law`, where the smallest loss is `lowest`."""
        return weak_priors(law, lowest) if self.prior == "weak" else ()


def _require_positive(values: Array, what: str, condition: str) -> None:
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise DataError(f"{what} are not all positive.", hint=f"Leave those rows out with --where '{condition}'.")


def scale_of(points: PointTable, inputs: Mapping[str, str]) -> Array | None:
    """How large each run is `(n,)`: the only input, else compute, or params times tokens; None where not known."""
    if len(inputs) == 1:
        return points.numbers(next(iter(inputs.values())))
    if points.is_complete("compute"):
        return points.numbers("compute")
    if has_params_and_tokens(points.columns):
        return points.numbers("params") * points.numbers("tokens")
    return None
