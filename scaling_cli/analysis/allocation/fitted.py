"""A fitted law ready to be optimised."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.analysis.allocation.surface import Chinchilla, chinchilla_of
from scaling_cli.arrays import Array
from scaling_cli.laws import Law
from scaling_cli.record import Record


class FittedLaw(Record):
    """A law with its parameters `(replicates, k)`; row 0 is the estimate, other rows are replicates.

    `ranges` has the least and the largest value of columns and of inputs in the runs. `followers` has laws of params
    and tokens that give further inputs their values.
    """

    law: Law
    parameters: Array
    ranges: Mapping[str, tuple[float, float]]
    followers: Mapping[str, FittedLaw] = {}

    @property
    def chinchilla(self) -> Chinchilla | None:
        """The parameters of a law of the Chinchilla family; None for other laws."""
        return chinchilla_of(self.law, self.parameters)
