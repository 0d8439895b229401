"""Cells as polars expressions: numbers and labels, whatever type the file gave them.

Text is read by the same rule as options (`numbers.parse_number`), so a cell may say `70B`. Text that
says "missing" is null; any other text that is no number is null too, and a flag tells the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from scaling_cli.errors import DataError
from scaling_cli.numbers.parse import NUMBER, SUFFIXES

MISSING_WORDS = ("", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--", "?")


# The expression of options in the dialect of polars, and the power of ten of each suffix.
NUMBER_TEXT = f"(?i)^{NUMBER.pattern}$"
_POWERS = {suffix: len(f"{scale:.0f}") - 1 for suffix, scale in SUFFIXES.items()}


def is_text(dtype: pl.DataType) -> bool:
    """Whether cells of this type have to be parsed to become numbers."""
    return dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum)


def text(column: str) -> pl.Expr:
    """Trimmed text, null where the cell is empty or says that it is missing."""
    return said(pl.col(column).cast(pl.String))


def said(texts: pl.Expr) -> pl.Expr:
    """Text trimmed, null where it says nothing."""
    trimmed = texts.str.strip_chars()
    return pl.when(~trimmed.str.to_lowercase().is_in(MISSING_WORDS)).then(trimmed)


def numbers_of_text(texts: pl.Expr, units: Mapping[str, float] | None = None) -> pl.Expr:
    """Numbers of text; null where it is none. `units` may stand behind a number, each with its factor."""
    read = partial(read_numbers, units=units) if units else read_numbers
    return texts.map_batches(read, return_dtype=pl.Float64, is_elementwise=True)


def is_odd(texts: pl.Expr, numbers: pl.Expr) -> pl.Expr:
    """Whether text that says something gave no number."""
    return said(pl.when(numbers.is_null()).then(texts)).is_not_null()


def read_numbers(texts: pl.Series, units: Mapping[str, float] | None = None) -> pl.Series:
    """Plain numbers by a cast; only if that leaves some over, the rest (`70B`, `1,000`, ` 3 `) by an expression."""
    plain = texts.cast(pl.Float64, strict=False)
    if plain.null_count() == texts.null_count():
        return plain
    pair = pl.DataFrame({"plain": plain, "text": texts.cast(pl.String)})
    odd = said(pl.when(pl.col("plain").is_null()).then("text"))
    ways = [pl.col("plain"), _written(odd), *([_measured(odd, units)] if units else [])]
    return pair.select(pl.coalesce(ways)).to_series().alias(texts.name)


def _measured(texts: pl.Expr, units: Mapping[str, float]) -> pl.Expr:
    """Numbers with a unit behind them, which is folded as names of columns are."""
    found = texts.str.extract_groups(r"^(?<number>.*[0-9.])\s*(?<unit>[a-zA-Z%][^0-9]*)$")
    unit = found.struct.field("unit").str.to_lowercase().str.replace_all(r"[\s./_\-()]+", "_").str.strip_chars("_")
    factor = unit.replace_strict(dict(units), default=None, return_dtype=pl.Float64)
    number = _written(found.struct.field("number"))
    return pl.when(factor < 1).then(number / (1 / factor)).otherwise(number * factor)  # a hundredth is no exact float


def _written(texts: pl.Expr) -> pl.Expr:
    """Numbers by the expression of `numbers.NUMBER`.

    The power of ten is written out before the cast, as in `numbers.parse_number`: a product would round twice.
    """
    found = texts.str.extract_groups(NUMBER_TEXT)
    scale = found.struct.field("suffix").str.to_lowercase().replace_strict(_POWERS, default=None, return_dtype=pl.Int32)
    power = found.struct.field("power").str.slice(1).cast(pl.Int32, strict=False).fill_null(0)
    digits = pl.concat_str(found.struct.field("sign"), found.struct.field("digits").str.replace_all("[,_]", ""))
    number = pl.concat_str(digits, pl.lit("e"), (power + scale).cast(pl.String)).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


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
