"""The decimal sign of a text file, decided once per file from its first rows, never cell by cell.

`3,45` and `1.234.567` can only be written where the comma is the decimal sign, `3.45` and `1,234,567` only where the
point is. `1,500` and `1.500` fit both, so other cells must show which is meant; where none does, the file is refused
rather than read a thousand times too large or too small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import polars as pl

from scaling_cli.data.cells import MISSING_WORDS
from scaling_cli.data.files.csv_rows import csv_rows
from scaling_cli.data.files.format import HEAD
from scaling_cli.errors import DataError

COMMA, POINT = ",", "."

WHOLE = HEAD - 1024  # bytes up to which a head is certainly the whole file, whatever was stripped from it

# A file without any of these has decimal points, or none.
SUSPECT = rb",[0-9]|\.[0-9]{3}\.[0-9]{3}"

_POWER, _UNIT = r"(?P<power>[eE][+-]?[0-9]+)?", r"\s*(?:[^0-9.,;|\"\s][^0-9.,;|\"\t\r\n]*)?"
NUMBER = rf"\s*[+-]?(?P<digits>[0-9.,]+){_POWER}{_UNIT}"
EITHER = r"[1-9][0-9]{0,2}(?P<sign>[.,])[0-9]{3}"
DECIMALS = {
    own: (
        rf"[0-9]*[{own}][0-9]+"
        rf"|[0-9]{{1,3}}(?:[{other}][0-9]{{3}})+[{own}][0-9]*"
        rf"|[0-9]{{1,3}}(?:[{other}][0-9]{{3}}){{2,}}"
    )
    for own, other in ((COMMA, POINT), (POINT, COMMA))
}

# What a text must have for a cell to show the sign: looking for it takes far less time than reading the cells.
TRACES = {COMMA: r",[0-9]|\.[0-9]{3}\.[0-9]", POINT: r"\.[0-9]|,[0-9]{3}[.,]"}

# In a file of decimal commas, what has to be rewritten to be read by the rule for points.
_OF_COMMAS = rf"^\s*[+-]?(?:[0-9]{{1,3}}(?:\.[0-9]{{3}})+(?:,[0-9]*)?|[0-9]*,[0-9]+){_POWER}{_UNIT}$"

Columns = Mapping[str, Mapping[str, str]]  # for each column of numbers, the first cell of each kind (see `_kind`)


def decimal_sign(path: str, head: bytes, separator: str) -> str:
    """The decimal sign of a file that begins with `head`.

    If only commas before three digits occur, the comma is the decimal sign where semicolons separate the cells:
    programs that write decimal commas choose semicolons for that reason.

    Raises:
        DataError: Both signs occur as decimals, or a comma may be either.
    """
    if not re.search(SUSPECT, head):
        return POINT
    whole = head.rpartition(b"\n")[0] if len(head) > WHOLE else head  # a cell that is cut off shows nothing
    text = whole.decode(errors="replace")
    signs = [sign for sign in DECIMALS if re.search(TRACES[sign], text) and _shows(text, separator, sign)]
    if len(signs) == 1:  # as in nearly every file
        return signs[0]
    columns = dict(_numbers(text, separator))  # words may look like numbers, so columns of words do not count
    shown = {sign: _first(columns, sign) for sign in DECIMALS}
    if all(shown.values()):
        raise _mixed(path, shown)
    return next((sign for sign, example in shown.items() if example), None) or _by_groups(path, columns, separator)


def with_points(cells: pl.Expr) -> pl.Expr:
    """Numbers of a file of decimal commas, written with points; other cells as they are."""
    plain = cells.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(cells.str.contains(_OF_COMMAS)).then(plain).otherwise(cells)


def _kind(cell: str) -> str | None:
    """The decimal sign that a cell shows, `either` with the sign that it has, `short` or `long`; None for no number."""
    match = re.fullmatch(NUMBER, cell)
    if match is None:
        return None
    digits = match["digits"]
    if digits.isdigit():
        return "short" if len(digits) <= 3 else "long"
    if not match["power"] and (either := re.fullmatch(EITHER, digits)):
        return f"either {either['sign']}"
    return next((sign for sign, pattern in DECIMALS.items() if re.fullmatch(pattern, digits)), None)


def _shows(text: str, separator: str, sign: str) -> bool:
    """Whether any cell shows this decimal sign."""
    rows = csv_rows(text.splitlines(), separator)
    return any(_kind(cell) == sign for row in rows for cell in row)


def _numbers(text: str, separator: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each column of which most cells are numbers, with the first cell of each kind."""
    header, *rows = list(csv_rows(text.splitlines(), separator)) or [[]]
    for place, name in enumerate(header):
        cells = [row[place] for row in rows if len(row) > place]
        filled = [cell for cell in cells if cell.strip().lower() not in MISSING_WORDS]
        kinds = [(kind, cell) for cell in filled if (kind := _kind(cell))]
        if 2 * len(kinds) > len(filled):
            yield name, dict(reversed(kinds))


def _first(columns: Columns, kind: str) -> tuple[str, str] | None:
    """The first column with a cell of this kind, and the cell."""
    return next(((name, examples[kind]) for name, examples in columns.items() if kind in examples), None)


def _by_groups(path: str, columns: Columns, separator: str) -> str:
    """The decimal sign where each sign stands before three digits.

    A sign separates thousands in a column in which all other numbers are short.
    """
    comma, point = f"either {COMMA}", f"either {POINT}"
    example = _first(columns, comma)
    if example is None:
        return POINT
    comma_groups, point_groups = (
        any({kind, "short"} <= examples.keys() and "long" not in examples for examples in columns.values())
        for kind in (comma, point)
    )
    if _first(columns, point):
        if comma_groups == point_groups:
            raise _unclear(path, *example)
        return POINT if comma_groups else COMMA
    if separator != ";":
        return POINT
    if comma_groups:
        raise _unclear(path, *example)
    return COMMA


def _mixed(path: str, shown: Mapping[str, tuple[str, str] | None]) -> DataError:
    examples = [f"{cell!r} in column {name!r}" for name, cell in filter(None, shown.values())]
    return DataError(
        f"{path} has decimal commas and decimal points: {' and '.join(examples)}.",
        hint="Write all its numbers with one decimal sign, or remove the column that has the other.",
    )


def _unclear(path: str, name: str, cell: str) -> DataError:
    grouped, divided = cell.replace(",", ""), cell.replace(",", ".")
    return DataError(
        f"{path} does not show whether {cell!r} in column {name!r} is {grouped} or {divided}.",
        hint=f"Write {grouped} or {divided} there, without a separator of thousands.",
    )
