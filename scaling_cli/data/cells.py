"""Cells as polars expressions: numbers and labels, whatever type the file gave them.

Text is read by the same rule as options (`numbers.parse_number`), so a cell may say `70B`. Text that
says "missing" is null; any other text that is no number is null too, and `unreadable` tells the two
apart.
"""

from __future__ import annotations

import polars as pl

from scaling_cli.data.numbers import parse_number
from scaling_cli.errors import DataError, UsageError

MISSING_WORDS = ("", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--", "?")


def is_text(dtype: pl.DataType) -> bool:
    """Whether cells of this type have to be parsed to become numbers."""
    return dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum)


def text(column: str) -> pl.Expr:
    """Trimmed text, null where the cell is empty or says that it is missing."""
    trimmed = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(~trimmed.str.to_lowercase().is_in(MISSING_WORDS)).then(trimmed)


def numbers_of_text(texts: pl.Expr) -> pl.Expr:
    """Numbers of trimmed text; null where it is none."""
    return texts.map_batches(read_numbers, return_dtype=pl.Float64, is_elementwise=True)


def read_numbers(texts: pl.Series) -> pl.Series:
    """Plain numbers by a cast, the rest (`70B`, `1,000`) one distinct text at a time."""
    plain = texts.cast(pl.Float64, strict=False)
    odd = texts.filter(plain.is_null() & texts.is_not_null()).unique()
    if odd.is_empty():
        return plain
    values = [_number_or_none(cell) for cell in odd]
    written = texts.replace_strict(odd, pl.Series(values, dtype=pl.Float64), default=None, return_dtype=pl.Float64)
    return plain.fill_null(written)


def _number_or_none(cell: str) -> float | None:
    try:
        return parse_number(cell)
    except UsageError:
        return None


def number(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column that is not text as floats.

    Raises:
        DataError: The column holds lists, dates or other things that are no numbers.
    """
    if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
        raise DataError(
            f"Column {column!r} holds {dtype}, not numbers.",
            hint="Name a column of numbers with --map ROLE=COLUMN.",
        )
    return pl.col(column).cast(pl.Float64)


def label(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column as names of runs or groups: whole floats lose their `.0`, and empty names are null."""
    if dtype.is_nested():
        raise DataError(f"Column {column!r} holds {dtype}, not names.", hint="Name a column of text or numbers.")
    names = pl.col(column).cast(pl.String)
    if dtype.is_float():
        return names.str.strip_suffix(".0")
    return pl.when(names != "").then(names) if dtype == pl.String else names
