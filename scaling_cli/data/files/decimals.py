"""Which sign divides the decimals of a text file: decided once a file, by what its first rows show, never by the cell.

`3,45` and `1.234.567` can only be written where the comma is the decimal sign, `3.45` and `1,234,567` only where the
point is. `1,500` and `1.500` fit both, so other cells have to tell what they mean; where none does, the file is refused
instead of being read a thousandfold off.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping

import polars as pl

from scaling_cli.data.cells import MISSING_WORDS
from scaling_cli.data.files.format import HEAD
from scaling_cli.errors import DataError

COMMA, POINT = ",", "."

WHOLE = HEAD - 1024  # bytes up to which a head is certainly the whole file, whatever was stripped from it

# A file without any of these has decimal points, or none.
SUSPECT = re.compile(rb",[0-9]|\.[0-9]{3}\.[0-9]{3}")

_START, _POWER = r"\s*[+-]?", r"(?:[eE][+-]?[0-9]+)?"
_UNIT = r"\s*(?:[^0-9.,;|\"\s][^0-9.,;|\"\t\r\n]*)?"
_STOP = r"(?=[;|\"\t\r\n]|$)"
_END = _POWER + _UNIT + _STOP


def _shows(own: str, other: str) -> str:
    """Numbers that can only be written where `own` is the decimal sign and `other` stands between thousands."""
    forms = (
        rf"[0-9]*{own}(?:[0-9]{{1,2}}|[0-9]{{4,}}){_END}",
        rf"(?:0[0-9]*|[0-9]{{4,}}|){own}[0-9]{{3}}{_END}",
        rf"[0-9]{{1,3}}(?:{other}[0-9]{{3}})+{own}[0-9]*{_END}",
        rf"[0-9]{{1,3}}(?:{other}[0-9]{{3}}){{2,}}{_END}",
        rf"[0-9]+{own}[0-9]{{3}}[eE][+-]?[0-9]+{_UNIT}{_STOP}",
    )
    return "|".join(forms)


# What a cell is, the first that fits; numbers of the kinds in `EITHER` can be read by either sign.
SHOWN = {COMMA: "comma", POINT: "point"}
EITHER = {COMMA: "either_comma", POINT: "either_point"}
KIND = re.compile(
    rf"{_START}(?:(?P<short>[0-9]{{1,3}}{_END})|(?P<long>[0-9]+{_END})"
    rf"|(?P<either_comma>[0-9]{{1,3}},[0-9]{{3}}{_UNIT}{_STOP})|(?P<either_point>[0-9]{{1,3}}\.[0-9]{{3}}{_UNIT}{_STOP})"
    rf"|(?P<comma>{_shows(',', r'[.]')})|(?P<point>{_shows(r'[.]', ',')}))"
)

# What a text must have for `ANYWHERE` to find the sign in it, which takes far longer.
TRACES = {COMMA: re.compile(r",[0-9]|\.[0-9]{3}\.[0-9]"), POINT: re.compile(r"\.[0-9]|,[0-9]{3}[.,]")}
ANYWHERE = {
    sign: re.compile(rf'(?:^|[;|"\t\n]){_START}(?:{_shows(own, other)})')
    for sign, own, other in ((COMMA, ",", "[.]"), (POINT, "[.]", ","))
}

# In a file of decimal commas, what has to be rewritten to be read by the rule for points.
_OF_COMMAS = f"^{_START}(?:[0-9]{{1,3}}(?:\\.[0-9]{{3}})+(?:,[0-9]*)?|[0-9]*,[0-9]+){_POWER}{_UNIT}$"

Found = dict[str, str]  # the first cell of each kind in a column


def decimal_sign(path: str, head: bytes, separator: str) -> str:
    """The decimal sign of a file that begins with `head`.

    Where a comma before three digits is all there is, it is the decimal sign if semicolons separate the cells, as
    programs write them for that reason.

    Raises:
        DataError: Both signs occur as decimals, or a comma may be either.
    """
    if not SUSPECT.search(head):
        return POINT
    whole = head.rpartition(b"\n")[0] if len(head) > WHOLE else head  # a cell that is cut off shows nothing
    text = whole.decode(errors="replace")
    signs = [sign for sign, cell in ANYWHERE.items() if TRACES[sign].search(text) and cell.search(text)]
    if len(signs) == 1:  # as in nearly every file, so that columns need not be looked at one by one
        return signs[0]
    columns = dict(_numbers(text, separator))
    shown = {sign: _first(columns, kind) for sign, kind in SHOWN.items()}
    if all(shown.values()):
        raise _mixed(path, shown)
    return next((sign for sign, example in shown.items() if example), None) or _by_groups(path, columns, separator)


def with_points(cells: pl.Expr) -> pl.Expr:
    """Numbers of a file of decimal commas, written with points; other cells as they are."""
    plain = cells.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(cells.str.contains(_OF_COMMAS)).then(plain).otherwise(cells)


def _numbers(text: str, separator: str) -> Iterator[tuple[str, Found]]:
    """The kinds of cells of each column that holds numbers for the most part."""
    rows = list(csv.reader(text.splitlines(), delimiter=separator))
    if not rows:
        return
    for place, name in enumerate(rows[0]):
        cells = [row[place] for row in rows[1:] if len(row) > place]
        filled = [cell for cell in cells if cell.strip().lower() not in MISSING_WORDS]
        kinds = [(match.lastgroup or "", cell) for cell in filled if (match := KIND.match(cell))]
        if 2 * len(kinds) > len(filled):
            yield name, dict(reversed(kinds))


def _first(columns: Mapping[str, Found], kind: str) -> tuple[str, str] | None:
    """The first column with such a cell, and the cell."""
    return next(((name, found[kind]) for name, found in columns.items() if kind in found), None)


def _by_groups(path: str, columns: Mapping[str, Found], separator: str) -> str:
    """The sign where every sign stands before three digits: it groups them in a column whose other cells are short."""
    commas, points = _first(columns, EITHER[COMMA]), _first(columns, EITHER[POINT])
    if commas is None:
        return POINT
    comma_groups, point_groups = (
        any({EITHER[sign], "short"} <= found.keys() and "long" not in found for found in columns.values())
        for sign in (COMMA, POINT)
    )
    if points is None and separator != ";":
        return POINT
    if points is None and not comma_groups:
        return COMMA
    if points is None or comma_groups == point_groups:
        raise _unclear(path, *commas)
    return POINT if comma_groups else COMMA


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
        hint=f"Write {grouped} or {divided} there, without signs between thousands.",
    )
