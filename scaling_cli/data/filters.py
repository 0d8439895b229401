"""`--where`: rows chosen by an SQL condition on the columns as the files name them."""

from __future__ import annotations

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.data.cells import is_text, numbers_of_text, read_numbers, text
from scaling_cli.data.names import listing, unknown
from scaling_cli.errors import UsageError

SAMPLE = 1000  # rows that decide whether a column of text holds numbers or true/false
HINT = "Write it like \"split = 'val' AND params > 1e8\"; names with / or spaces go in double quotes."


def keep_where(rows: pl.LazyFrame, condition: str, schema: pl.Schema) -> pl.LazyFrame:
    """The rows for which the condition holds.

    Raises:
        UsageError: The condition is not SQL, names an unknown column, or is neither true nor false.
    """
    expression = _parse(condition, schema.names())
    texts = [name for name in dict.fromkeys(expression.meta.root_names()) if is_text(schema[name])]
    typed = _typed(rows, texts)
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
    return seen.filter(expression).with_columns(**{name: pl.col(_aside(name)) for name in typed}).drop(list(kept))


def _parse(condition: str, names: list[str]) -> pl.Expr:
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


def _typed(rows: pl.LazyFrame, names: list[str]) -> dict[str, pl.Expr]:
    """Those columns of text that hold numbers or true/false in the first rows, as such."""
    if not names:
        return {}
    sample = rows.select(names).head(SAMPLE).select(text(name).alias(name) for name in names)
    typed: dict[str, pl.Expr] = {}
    for cells in sample.collect(engine="streaming"):
        filled = cells.drop_nulls()
        if filled.is_empty():
            continue
        if not read_numbers(filled).has_nulls():
            # NaN would compare as larger than every number.
            typed[cells.name] = numbers_of_text(text(cells.name)).fill_nan(None)
        elif filled.str.to_lowercase().is_in(["true", "false"]).all():
            typed[cells.name] = text(cells.name).str.to_lowercase() == "true"
    return typed


def _aside(name: str) -> str:
    return f"__text {name}"
