"""Rows that stand for several attempts: answers with the number of times that each was given.

A column such as `count` may count other things. But if its sum is the same for every problem, as the number of attempts
is, it says how many attempts gave the answer of its row.
"""

from __future__ import annotations

import polars as pl

from scaling_cli.data.cells import is_text, numbers_of_text
from scaling_cli.data.names import normalise
from scaling_cli.data.samples.log import SamplingLog

NAMES = {"count", "counts", "frequency", "freq", "multiplicity", "occurrences", "num_occurrences", "n_occurrences"}
FEWEST = 3  # problems of the same sum; fewer may agree by chance
LARGEST = 10_000_000  # attempts, which are made rows


def multiple_of(log: SamplingLog) -> str | None:
    """The column that says how many attempts each row stands for, or None."""
    if log.columns.get("attempt") is not None:
        return None
    used = {*log.options.by, *log.tasks, *log.columns.values()}
    return next((name for name in log.schema if normalise(name) in NAMES and _adds_up(log, name, used)), None)


def _adds_up(log: SamplingLog, column: str, used: set[str | None]) -> bool:
    kind = log.schema[column]
    if column in used or not (kind.is_numeric() or is_text(kind)):
        return False
    keys = [*log.options.by, *log.tasks, log.column("problem")]
    number = pl.col("times ")
    is_whole = (number.is_not_null() & (number >= 1) & (number % 1 == 0)).all()
    rows = log.rows.select(*keys, times(log, column).alias("times ")).group_by(keys)
    problems = rows.agg(number.sum(), is_whole.alias("is whole "), pl.len().alias("rows ")).collect(engine="streaming")
    sums = problems["times "]
    is_one_sum = problems.height >= FEWEST and sums.n_unique() == 1 and float(sums.sum()) <= LARGEST
    return is_one_sum and bool(problems["is whole "].all()) and problems["rows "].n_unique() > 1


def times(log: SamplingLog, column: str) -> pl.Expr:
    """How many attempts each row stands for."""
    texts = pl.col(column).cast(pl.String)
    return numbers_of_text(texts) if is_text(log.schema[column]) else pl.col(column).cast(pl.Float64)


def one_row_each(rows: pl.LazyFrame, log: SamplingLog, column: str) -> pl.LazyFrame:
    """The rows, each as often as its `column` says."""
    number = times(log, column).fill_null(1).cast(pl.Int64)
    return rows.with_columns(pl.lit(0).repeat_by(number).alias("times ")).explode("times ").drop("times ")
