"""Cells as polars expressions: numbers and labels, whatever type the file gave them.

Text is read by the same rule as options (`numbers.parse_number`), so a cell may say `70B`. Text that
says "missing" is null; any other text that is no number is null too, and a flag tells the two apart.
"""

from __future__ import annotations

import polars as pl

from scaling_cli.data.numbers import NUMBER, SUFFIXES
from scaling_cli.errors import DataError

MISSING_WORDS = ("", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--", "?")


# The expression of options in the dialect of polars, and the power of ten of each suffix.
NUMBER_TEXT = f"(?i)^{NUMBER.pattern}$"
_POWERS = {suffix: len(f"{scale:.0f}") - 1 for suffix, scale in SUFFIXES.items()}


def is_text(dtype: pl.DataType) -> bool:
    """Whether cells of this type have to be parsed to become numbers."""
    return dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum)


def text(column: str) -> pl.Expr:
    """Trimmed text, null where the cell is empty or says that it is missing."""
    trimmed = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(~trimmed.str.to_lowercase().is_in(MISSING_WORDS)).then(trimmed)


def numbers_of_text(texts: pl.Expr) -> pl.Expr:
    """Numbers of trimmed text; null where it is none.

    The plain ones are cast. The rest is read by the expression of `numbers.NUMBER` without leaving polars, because a
    call back into Python for each of ten thousand files would take longer than reading them.
    """
    plain = texts.cast(pl.Float64, strict=False)
    odd = pl.when(plain.is_null()).then(texts).str.extract_groups(NUMBER_TEXT)
    scale = odd.struct.field("suffix").str.to_lowercase().replace_strict(_POWERS, default=None, return_dtype=pl.Int32)
    power = odd.struct.field("power").str.slice(1).cast(pl.Int32, strict=False).fill_null(0)
    # The power of ten is written out before the cast, as in `numbers.parse_number`: a product would round twice.
    digits = pl.concat_str(odd.struct.field("sign"), odd.struct.field("digits").str.replace_all("[,_]", ""))
    written = pl.concat_str(digits, pl.lit("e"), (power + scale).cast(pl.String)).cast(pl.Float64, strict=False)
    return pl.coalesce(plain, pl.when(written.is_finite()).then(written))


def read_numbers(texts: pl.Series) -> pl.Series:
    """The same for a series."""
    return texts.to_frame("text").select(numbers_of_text(pl.col("text")).alias(texts.name)).to_series()


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
