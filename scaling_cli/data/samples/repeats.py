"""Attempts that were logged twice, as by a run that was resumed: found cheaply, and then dropped."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

WRAP = 1 << 64  # polars adds and multiplies whole numbers modulo this

# Of the number of each attempt, in one pass with the counts: what a gapless range has, and a log with repeats has not.
SUMMARY = ("lowest", "sum", "squares")


def summary(kind: pl.DataType | None) -> list[pl.Expr]:
    """What `is_tidy` needs to know of the column `attempt`; nothing where attempts have no numbers."""
    if kind is None or not kind.is_integer():
        return []
    number = pl.col("attempt").cast(pl.Int64)
    return [
        pl.col("attempt").min().cast(pl.Int64).alias("lowest"),
        number.sum().alias("sum"),
        (number * number).sum().alias("squares"),
    ]


def is_tidy(counted: pl.DataFrame) -> bool:
    """Whether each problem's attempts are numbered without a gap, so that none can be there twice.

    Their sum and sum of squares are then those of a range of as many numbers.
    """
    if "squares" not in counted.columns or counted["lowest"].has_nulls():
        return False
    for low, rows, total, squares in counted.select("lowest", "rows", "sum", "squares").unique().iter_rows():
        ranks = rows * (rows - 1) // 2
        square_ranks = (rows - 1) * rows * (2 * rows - 1) // 6
        if (rows * low + ranks - total) % WRAP or (rows * low * low + 2 * low * ranks + square_ranks - squares) % WRAP:
            return False
    return True


def without_repeats(values: pl.LazyFrame, keys: Sequence[str]) -> tuple[pl.LazyFrame, int]:
    """The attempts, each once by the last row that was written, and how many rows that leaves out.

    A row that does not name its attempt repeats none.
    """
    named = values.filter(pl.col("attempt").is_not_null())
    distinct = named.group_by([*keys, "attempt"]).agg(pl.len().alias("times"))
    repeated = distinct.select((pl.col("times") - 1).sum()).collect(engine="streaming").item() or 0
    if not repeated:
        return values, 0
    once = named.unique([*keys, "attempt"], keep="last", maintain_order=True)
    return pl.concat([once, values.filter(pl.col("attempt").is_null())]), int(repeated)
