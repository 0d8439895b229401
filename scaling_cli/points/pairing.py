"""Paired designs, in which every group has runs at the same inputs and with the same seeds."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.errors import DataError

PAIR_COLUMN = "seed"


def paired(frames: Sequence[pl.DataFrame], keys: Sequence[str]) -> list[pl.DataFrame] | None:
    """The groups with equal names for runs that agree in `keys`, or None if runs do not match one to one."""
    ordered = [frame.sort(list(keys)) for frame in frames]
    first = ordered[0].select(keys)
    for frame in ordered:
        values = frame.select(keys)
        if not values.equals(first) or values.is_duplicated().any() or values.null_count().sum_horizontal()[0]:
            return None
    # Padded with zeros, so that names sort like numbers.
    names = pl.Series("run_id", [f"{i:09d}" for i in range(len(first))])
    return [frame.with_columns(names) for frame in ordered]


def unpaired(column: str) -> DataError:
    """The error for `--pair` where the groups do not match."""
    return DataError(
        f"The groups cannot be paired by {column}: each needs one run for every combination of input and {column}.",
        hint="Leave out --pair, or use --where to keep only the runs that all groups have.",
    )
