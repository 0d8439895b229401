"""A table as text cells; each column says what it holds, and every format decides how to lay that out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from scaling_cli.numbers.format import escape
from scaling_cli.record import Record, replace

Kind: TypeAlias = Literal["word", "text", "symbol", "number", "interval", "estimate"]
Cells: TypeAlias = tuple[str, ...]


class Column(Record):
    """A heading and what stands under it.

    A `word` is a name or a short label and `text` a sentence or a formula; both may fold. A `symbol` is the name of a
    parameter. A `number`, an `interval` (of the number on its left) and an `estimate` (a number and its interval in
    one cell) stay whole. A column of the group has the same cell in all rows of a group. A detail may be left out
    where there is no room for it.
    """

    name: str
    kind: Kind = "word"
    is_group: bool = False
    is_bold: bool = False
    is_detail: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether its cells are numbers to compare down the column."""
        return self.kind in ("number", "interval")


class Sheet(Record):
    """Columns and rows of text; `breaks` are rows before which a drawn table leaves a line empty."""

    columns: tuple[Column, ...]
    rows: tuple[Cells, ...]
    breaks: tuple[int, ...] = ()

    @property
    def header(self) -> Cells:
        """The headings."""
        return tuple(column.name for column in self.columns)

    def escaped(self) -> Sheet:
        """The sheet with nothing in it that does not print."""
        columns = tuple(replace(column, name=escape(column.name)) for column in self.columns)
        return Sheet(columns, tuple(tuple(map(escape, row)) for row in self.rows), self.breaks)

    def only(self, kept: Iterable[int]) -> Sheet:
        """The sheet with the columns at these positions."""
        kept = list(kept)
        rows = tuple(tuple(row[i] for i in kept) for row in self.rows)
        return Sheet(tuple(self.columns[i] for i in kept), rows, self.breaks)

    def without_empty(self, empty: Sequence[str] = ("",)) -> Sheet:
        """The sheet without columns whose cells are all `empty`; columns of the group stay."""
        columns = enumerate(self.columns)
        return self.only(i for i, column in columns if column.is_group or any(row[i] not in empty for row in self.rows))


def words(*names: str) -> tuple[Column, ...]:
    """Columns of names or short labels."""
    return tuple(Column(name) for name in names)


def numbers(*names: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(name, "number") for name in names)


def cells_wide(text: str) -> int:
    """Columns a text takes in a terminal: East Asian wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    import unicodedata  # nearly all text is ASCII

    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )
