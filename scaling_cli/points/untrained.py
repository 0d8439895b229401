"""Rows at step 0, from before training, of which no power law of steps can make use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from scaling_cli.data.runs.table import RunTable
from scaling_cli.points.choose import Choice

STEP = "step"


def without_untrained(table: RunTable, choices: Sequence[Choice]) -> RunTable:
    """The table without the points at step 0, if a law takes the logarithm of steps; these are counted as excluded.

    Logs of training programs often begin with an evaluation of the untrained model.

    Raises:
        DataError: No point is left.
    """
    named = [(choice.law, name) for choice in choices for name, column in choice.inputs.items() if column == STEP]
    if STEP not in table.frame.columns or not table.frame[STEP].dtype.is_numeric():
        return table
    if all(law.takes(name, np.zeros(1)) for law, name in named):
        return table
    return table.without(pl.col(STEP) == 0, "step 0, before training")
