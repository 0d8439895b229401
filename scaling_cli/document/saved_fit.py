"""A fit as later commands read it back."""

from __future__ import annotations

from scaling_cli.caveats import Caveat
from scaling_cli.options.fitting import INTERVALS
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate


class SavedInterval(Record):
    """How the intervals of a saved fit were made."""

    method: str | None = None


class SavedFit(Record):
    """A fit as it was saved.

    Attributes:
        draws: Each has the parameters of one replicate, in the order of `parameters`.
        known: The caveats of the fit, which hold for all that follows from it.
        column: The column of the loss, if the document says it.
        loss_unit: The unit of the loss, if it was given.
        runs: Number of runs that were fitted, if the document says it.
    """

    law: str
    parameters: dict[str, Estimate]
    group: dict[str, str] = {}
    inputs: dict[str, str] = {}
    ranges: dict[str, tuple[float, float]] = {}
    noise: float | None = None
    draws: tuple[tuple[float, ...], ...] | None = None
    interval: SavedInterval = SavedInterval()
    known: tuple[Caveat, ...] = ()
    column: str | None = None
    loss_unit: str | None = None
    runs: int | None = None

    @property
    def resampling(self) -> str | None:
        """How the replicates were made: `wild` or `bootstrap`; None if there are none, or the document does not say."""
        method = self.interval.method
        if not self.draws or method not in INTERVALS:
            return None
        return "bootstrap" if method == "bca" else method
