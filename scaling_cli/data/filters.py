"""`--where`: keep the rows that satisfy an SQL condition on the columns, under the names they have in the files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl
from polars.exceptions import PanicException, PolarsError

from scaling_cli.data.cells import is_text, is_unreadable, numbers_of_text, read_numbers, text
from scaling_cli.data.names import listing, unknown
from scaling_cli.errors import UsageError
from scaling_cli.record import Record

UNJUDGED = "where_"  # prefix of flag columns: this cell is not a number, so the condition could not be judged
ODD = "__odd "  # prefix of columns that say whether the cell of a role is not a number
SAMPLE = 1000  # rows that decide whether a column of text holds numbers or true/false
HINT = "Write it like \"split = 'val' AND params > 1e8\"; put names with / or spaces in double quotes."


class Computed(Record):
    """A value that a condition may name although no column has its name, and whether a cell has no such value."""

    value: pl.Expr
    is_unreadable: pl.Expr


def keep_where(
    rows: pl.LazyFrame, condition: str, schema: pl.Schema, roles: Mapping[str, Computed] = MappingProxyType({})
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """The rows for which the condition holds, and the columns of text that it reads as numbers.

    A name is that of a column, or else one of `roles`. If a cell of such a column is not a number, the condition cannot
    be judged. These rows are kept, with a flag in the column `UNJUDGED + name`, so that they can be counted.

    Raises:
        UsageError: The condition is not SQL, names an unknown column, or does not give true or false.
    """
    expression = _parse(condition, schema.names(), roles)
    named = dict.fromkeys(expression.meta.root_names())
    used = {name: roles[name] for name in named if name not in schema}
    texts = [name for name in named if name in schema and is_text(schema[name])]
    numbers, truths = _typed(rows, texts)
    typed = {name: _number(name) for name in numbers} | {name: _truth(name) for name in truths}
    # The condition sees numbers; later steps see the cells as the file has them.
    originals = {_original(name): pl.col(name) for name in typed}
    values = {name: role.value for name, role in used.items()}
    values |= {ODD + name: role.is_unreadable for name, role in used.items()}
    converted = rows.with_columns(**originals, **values).with_columns(**typed)
    try:
        # Types are checked only when a query runs, so it runs on an empty table first.
        kind = pl.DataFrame(schema=converted.collect_schema()).select(expression).dtypes
    except (PolarsError, PanicException):
        types = ", ".join(f"{name} has {_described(converted.collect_schema()[name])}" for name in named)
        raise UsageError(
            f"--where {condition!r} cannot be applied: {types or 'it names no column'}.", hint=HINT
        ) from None
    if kind != [pl.Boolean]:
        raise UsageError(f"--where {condition!r} does not give true or false for each row.", hint=HINT)
    odd = {name: _is_unreadable(name) for name in numbers} | {name: pl.col(ODD + name) for name in used}
    flags = {UNJUDGED + name: expression.is_null() & is_odd for name, is_odd in odd.items()}
    kept = converted.with_columns(**flags).filter(expression | pl.any_horizontal(*flags, pl.lit(value=False)))
    return kept.with_columns(**{name: pl.col(_original(name)) for name in typed}).drop([*originals, *values]), (*odd,)


def columns_in(condition: str | None) -> tuple[str, ...]:
    """The columns that a valid condition is on."""
    if condition is None:
        return ()
    from scaling_cli.data.condition import with_plain_numbers

    return tuple(pl.sql_expr(with_plain_numbers(condition)).meta.root_names())


def _described(kind: pl.DataType) -> str:
    if kind == pl.Boolean:
        return "true and false"
    if kind.is_numeric():
        return "numbers"
    return "text" if is_text(kind) else "lists" if kind.is_nested() else "dates or other values"


def _parse(condition: str, names: list[str], roles: Mapping[str, Computed]) -> pl.Expr:
    unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", condition)
    if re.search(r"\bselect\b", unquoted, re.IGNORECASE):
        raise UsageError(f"--where {condition!r} contains SELECT, but takes only a condition on a row.", hint=HINT)
    from scaling_cli.data.condition import check_condition, with_plain_numbers

    check_condition(condition, HINT)
    try:
        expression = pl.sql_expr(with_plain_numbers(condition))
    except (PolarsError, PanicException):
        raise UsageError(
            f"--where {condition!r} is not an SQL condition.", hint=f"{HINT} Columns: {listing(names)}."
        ) from None
    if not expression.meta.eq(expression.meta.undo_aliases()):
        name = expression.meta.output_name()
        raise UsageError(
            f"--where {condition!r} ends in {name!r}, which SQL takes for the name of the result.", hint=HINT
        )
    for name in expression.meta.root_names():
        if name not in names and name not in roles:
            error = unknown("column", name, [*names, *(role for role in roles if role not in names)])
            raise UsageError(error.message, hint=f"{error.hint} Text stands in single quotes: '{name}'.")
    return expression


def _typed(rows: pl.LazyFrame, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of text that hold numbers, and those that hold true/false, judging by the first rows."""
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


def _is_unreadable(name: str) -> pl.Expr:
    """Whether the original cell has text that is not a number."""
    original = pl.col(_original(name)).cast(pl.String)
    return is_unreadable(original, numbers_of_text(original))


def _original(name: str) -> str:
    return f"__text {name}"
