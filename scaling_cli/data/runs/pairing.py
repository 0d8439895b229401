"""Paired designs: every group has the same runs, at the same inputs and with the same seeds."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.errors import DataError

PAIR_COLUMN = "seed"


def paired(frames: Sequence[pl.DataFrame], keys: Sequence[str]) -> list[pl.DataFrame] | None:
    """The groups with runs of the same keys under the same name, or None where they do not match one to one."""
    ordered = [frame.sort(list(keys)) for frame in frames]
    first = ordered[0].select(keys)
    for frame in ordered:
        here = frame.select(keys)
        if not here.equals(first) or here.is_duplicated().any() or here.null_count().sum_horizontal()[0]:
            return None
    # Padded, so that names sort as numbers do.
    names = pl.Series("run_id", [f"{i:09d}" for i in range(len(first))])
    return [frame.with_columns(names) for frame in ordered]


def unpaired(column: str) -> DataError:
    """The error for a pairing that was asked for and is not there."""
    return DataError(
        f"The groups do not have the same runs by {column}: each needs every pair of input and {column} once.",
        hint="Leave out --pair, or keep the runs that all groups have with --where.",
    )
