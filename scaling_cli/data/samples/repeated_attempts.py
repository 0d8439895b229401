"""Find and drop attempts that were logged twice, for example by a job that was resumed."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

WRAP = 1 << 64  # polars adds and multiplies whole numbers modulo this

# Sums over the numbers of a problem's attempts. Attempts numbered without gaps or repeats have the sums of a range.
NUMBERING = ("lowest", "sum", "squares")


def numbering(kind: pl.DataType | None) -> list[pl.Expr]:
    """The aggregates `NUMBERING` of the column `attempt`, for `have_no_repeats`; none if attempts have no numbers."""
    if kind is None or not kind.is_integer():
        return []
    number = pl.col("attempt").cast(pl.Int64)
    return [
        pl.col("attempt").min().cast(pl.Int64).alias("lowest"),
        number.sum().alias("sum"),
        (number * number).sum().alias("squares"),
    ]


def have_no_repeats(counted: pl.DataFrame) -> bool:
    """Whether the attempts of each problem are surely numbered without gaps, so that none can occur twice.

    Their sum and their sum of squares are then those of a range of the same length. This check needs only the counts.
    """
    if "squares" not in counted.columns or counted["lowest"].has_nulls():
        return False
    for low, rows, total, squares in counted.select("lowest", "rows", "sum", "squares").unique().iter_rows():
        ranks = rows * (rows - 1) // 2
        square_ranks = (rows - 1) * rows * (2 * rows - 1) // 6
        if (rows * low + ranks - total) % WRAP or (rows * low * low + 2 * low * ranks + square_ranks - squares) % WRAP:
            return False
    return True


def drop_repeated_attempts(values: pl.LazyFrame, keys: Sequence[str]) -> tuple[pl.LazyFrame, int]:
    """The attempts, each with the last row that was written, and the number of rows dropped.

    A row without the name or number of its attempt is kept.
    """
    numbered = values.filter(pl.col("attempt").is_not_null())
    distinct = numbered.group_by([*keys, "attempt"]).agg(pl.len().alias("times"))
    repeated = distinct.select((pl.col("times") - 1).sum()).collect(engine="streaming").item() or 0
    if not repeated:
        return values, 0
    last = numbered.unique([*keys, "attempt"], keep="last", maintain_order=True)
    return pl.concat([last, values.filter(pl.col("attempt").is_null())]), int(repeated)
