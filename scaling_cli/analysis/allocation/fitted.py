"""A fitted law ready to be optimised."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.analysis.allocation.surface import Chinchilla, chinchilla_of
from scaling_cli.arrays import Array
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.laws import Law
from scaling_cli.record import Record


class FittedLaw(Record):
    """A law with its parameters `(replicates, k)`; row 0 is the estimate, other rows are replicates.

    `ranges` has the least and the largest value of columns and of inputs in the runs. `followers` has laws of params
    and tokens that give further inputs their values. `is_saved` says that compute in `ranges` counts 6 FLOPs per param
    and token, whatever the rule by which budgets are counted.
    """

    law: Law
    parameters: Array
    ranges: Mapping[str, tuple[float, float]]
    followers: Mapping[str, FittedLaw] = {}
    is_saved: bool = False

    @property
    def chinchilla(self) -> Chinchilla | None:
        """The parameters of a law of the Chinchilla family; None for other laws."""
        return chinchilla_of(self.law, self.parameters)

    def reach(self, training: float, params: float, tokens: float) -> float | None:
        """How many times the compute of the largest run a training run takes; None where no run is known."""
        if "compute" not in self.ranges:
            return None
        spent = FLOPS_A_PARAM_AND_TOKEN * params * tokens if self.is_saved else training
        return spent / self.ranges["compute"][1]
