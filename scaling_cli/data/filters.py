"""`--where`: rows chosen by an SQL condition on the columns as the files name them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.data.cells import is_odd, is_text, numbers_of_text, read_numbers, text
from scaling_cli.data.names import listing, unknown
from scaling_cli.errors import UsageError

DOUBT = "where_"  # prefix of flags: the condition could not be judged, because this cell is no number
SAMPLE = 1000  # rows that decide whether a column of text holds numbers or true/false
HINT = "Write it like \"split = 'val' AND params > 1e8\"; names with / or spaces go in double quotes."


def keep_where(rows: pl.LazyFrame, condition: str, schema: pl.Schema) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """The rows for which the condition holds, and the columns of text that it reads as numbers.

    Rows for which it cannot be judged, because a cell of such a column is no number, are kept and flagged in the
    column `DOUBT + name`, to be counted.

    Raises:
        UsageError: The condition is not SQL, names an unknown column, or is neither true nor false.
    """
    expression = _parse(condition, schema.names())
    texts = [name for name in dict.fromkeys(expression.meta.root_names()) if is_text(schema[name])]
    numbers, truths = _typed(rows, texts)
    typed = {name: _number(name) for name in numbers} | {name: _truth(name) for name in truths}
    # The condition sees numbers; what follows sees the cells as the file has them.
    kept = {_aside(name): pl.col(name) for name in typed}
    seen = rows.with_columns(**kept).with_columns(**typed)
    try:
        # Types are checked only when a query runs, so it runs on no rows first.
        kind = pl.DataFrame(schema=seen.collect_schema()).select(expression).dtypes
    except PolarsError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--where {condition!r} cannot be applied: {reason}.", hint=HINT) from None
    if kind != [pl.Boolean]:
        raise UsageError(f"--where {condition!r} is neither true nor false for a row.", hint=HINT)
    doubts = {DOUBT + name: expression.is_null() & _is_odd(name) for name in numbers}
    judged = seen.with_columns(**doubts).filter(expression | pl.any_horizontal(*doubts, pl.lit(value=False)))
    return judged.with_columns(**{name: pl.col(_aside(name)) for name in typed}).drop(list(kept)), numbers


def _parse(condition: str, names: list[str]) -> pl.Expr:
    unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", condition)
    if re.search(r"\bselect\b", unquoted, re.IGNORECASE):
        raise UsageError(f"--where {condition!r} holds a query; it is a condition on one row.", hint=HINT)
    try:
        expression = pl.sql_expr(condition)
    except PolarsError:
        raise UsageError(
            f"--where {condition!r} is not an SQL condition.", hint=f"{HINT} Columns: {listing(names)}."
        ) from None
    for name in expression.meta.root_names():
        if name not in names:
            raise unknown("column", name, names)
    return expression


def _typed(rows: pl.LazyFrame, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those columns of text that hold numbers, and those that hold true/false, going by the first rows."""
    if not names:
        return (), ()
    sample = rows.select(names).head(SAMPLE).select(text(name).alias(name) for name in names)
    numbers, truths = [], []
    for cells in sample.collect(engine="streaming"):
        filled = cells.drop_nulls()
        if filled.is_empty():
            continue
        if not read_numbers(filled).has_nulls():
            numbers.append(cells.name)
        elif filled.str.to_lowercase().is_in(["true", "false"]).all():
            truths.append(cells.name)
    return tuple(numbers), tuple(truths)


def _number(name: str) -> pl.Expr:
    # NaN would compare as larger than every number.
    return numbers_of_text(pl.col(name).cast(pl.String)).fill_nan(None)


def _truth(name: str) -> pl.Expr:
    return text(name).str.to_lowercase() == "true"


def _is_odd(name: str) -> pl.Expr:
    """Whether the cell, set aside, has text that is no number."""
    original = pl.col(_aside(name)).cast(pl.String)
    return is_odd(original, numbers_of_text(original))


def _aside(name: str) -> str:
    return f"__text {name}"
