"""Shares of domains, which add up to one."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.data.names import column_of
from scaling_cli.errors import DataError, UsageError

MIXTURE = "mixture"  # the name under which --map takes the columns of all shares
ROUNDED = 0.01  # how far from one a sum of rounded shares may be


def check_mixture(frame: pl.DataFrame, columns: Sequence[str]) -> None:
    """Refuse columns that are not shares of a whole.

    Raises:
        UsageError: A column does not exist, or is named twice.
        DataError: A share is negative, or the shares of a point do not add up to one.
    """
    names = [column_of(frame.columns, column.strip()) for column in columns]
    missing = [name for name in names if name not in frame.columns]
    if missing or len(set(names)) < len(names):
        said = f"There is no column {missing[0]!r}." if missing else "--map mixture names a column twice."
        raise UsageError(said, hint="Name the column of each domain once: --map mixture=w1,w2,w3.")
    shares = frame.select(pl.col(name).cast(pl.Float64, strict=False) for name in names)
    total = shares.sum_horizontal()
    if shares.null_count().sum_horizontal().item() or float(shares.min_horizontal().min()) < 0:  # type: ignore[arg-type]
        raise DataError(
            "A share of the mixture is negative or missing.", hint="Correct it, or leave it out with --where."
        )
    off = (total - 1).abs()
    if float(off.max()) > ROUNDED:  # type: ignore[arg-type]
        worst = float(total[int(off.arg_max() or 0)])
        raise DataError(
            f"Shares of {', '.join(columns)} add up to {worst:.4g} at a point, but shares of a mixture add up to 1.",
            hint="Name all domains in --map mixture, or divide the columns by their sum.",
        )
