"""How a table keeps within a width: one rule for the tables of all commands.

The first of these forms that fits is taken. The table as it is; with headings, words and text folded; without its
details; with each interval under its estimate; turned on its side, where it has few rows, with as many of them side by
side as fit. If none fits, intervals and long names fold too, and at last every row becomes a table of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaling_cli.record import Record
from scaling_cli.report.pages.page import Section
from scaling_cli.report.pages.sheet import Cells, Column, Sheet, cells_wide

GAP = 2  # columns between two columns of a table
TEXT_WIDTH = 20  # columns that a text keeps when it folds
BROKEN_WIDTH = 12  # columns that a name keeps when there is no better way than to break it
MOST_TURNED = 6  # rows that read well side by side

Sheets = tuple[Sheet, ...]


class Placed(Record):
    """A sheet and the width of each of its columns; no widths where nothing limits them, or nothing would help."""

    sheet: Sheet
    widths: tuple[int, ...] = ()


def placed(section: Section, width: int | None) -> list[Placed]:
    """The tables that show a section within a width."""
    if width is None:
        return [Placed(section.wide or section.sheet)]
    for sheets in _forms(section):
        widths = [_widths(sheet, width) for sheet in sheets]
        if all(widths):
            return list(map(Placed, sheets, widths))
    broken = _widths(section.sheet, width, is_broken=True)
    if broken:
        return [Placed(section.sheet, broken)]
    rows = [_turned(section.sheet, (row,)) for row in section.sheet.rows]
    return [Placed(row, _widths(row, width, is_broken=True)) for row in rows]


def _forms(section: Section) -> Iterator[Sheets]:
    for sheet in (section.wide, section.sheet):
        if sheet is not None:
            brief = sheet.only(i for i, column in enumerate(sheet.columns) if not column.is_detail)
            yield from ((form,) for form in (sheet, brief, _stacked(sheet), _stacked(brief)))
            if len(sheet.rows) <= MOST_TURNED and all(row[0] for row in sheet.rows):
                for count in range(len(sheet.rows), 0, -1):
                    starts = range(0, len(sheet.rows), count)
                    yield tuple(_turned(sheet, sheet.rows[start : start + count]) for start in starts)


def _stacked(sheet: Sheet) -> Sheet:
    """Intervals under their estimates."""
    columns: list[Column] = []
    rows: list[list[str]] = [[] for _ in sheet.rows]
    for i, column in enumerate(sheet.columns):
        is_under = column.kind == "interval" and bool(columns) and columns[-1].kind == "number"
        if is_under:
            above = columns.pop()
            column = Column(f"{above.name}\n{column.name}", "estimate", above.is_group, above.is_bold)
        columns.append(column)
        for cells, row in zip(rows, sheet.rows, strict=True):
            if is_under:
                cells[-1] += f"\n{row[i]}"
            else:
                cells.append(row[i].replace(" [", "\n[") if column.kind == "estimate" else row[i])
    return Sheet(tuple(columns), tuple(map(tuple, rows)), sheet.breaks)


def _turned(sheet: Sheet, rows: tuple[Cells, ...]) -> Sheet:
    """Rows as columns: the cells of the first column become the headings."""
    columns = (Column(sheet.columns[0].name, is_bold=True), *(Column(row[0], "estimate") for row in rows))
    turned = ((column.name, *(row[i] for row in rows)) for i, column in enumerate(sheet.columns))
    return Sheet(columns, tuple(turned)[1:])


def _widths(sheet: Sheet, width: int, *, is_broken: bool = False) -> tuple[int, ...]:
    """Widths of the columns that add up to no more than `width`; none where that cannot be."""
    columns = [_Needs(column, [row[i] for row in sheet.rows], is_broken) for i, column in enumerate(sheet.columns)]
    spare = width - GAP * (len(columns) - 1) - sum(column.least for column in columns)
    if spare < 0:
        return ()
    # What is left is shared by how much text a column has; first served is who needs least for it.
    volume = sum(column.volume for column in columns)
    for column in sorted(columns, key=lambda column: (column.most - column.least) / column.volume):
        column.width = min(column.most, column.least + int(spare * column.volume / volume))
        spare -= column.width - column.least
        volume -= column.volume
    return tuple(column.width for column in columns)


class _Needs:
    """The least and the most width that a column can use, and how much text is in it that may fold."""

    def __init__(self, column: Column, cells: Iterable[str], is_broken: bool) -> None:
        lines = [line for cell in cells for line in cell.split("\n")]
        widest, heading = max(map(cells_wide, lines), default=0), max(map(cells_wide, column.name.split("\n")))
        self.most = max(widest, heading)
        folds = column.kind in ("word", "text") or (is_broken and column.kind in ("interval", "estimate"))
        least = _longest_word(lines) if folds else widest
        if column.kind == "text":
            least = max(least, min(widest, TEXT_WIDTH))
        self.least = max(least, _longest_word([column.name]))
        if is_broken and column.kind in ("word", "text", "symbol"):
            self.least = min(self.least, BROKEN_WIDTH)
        self.volume = len(column.name) + (sum(map(len, lines)) if folds else 0) + 1
        self.width = self.least


def _longest_word(lines: Iterable[str]) -> int:
    return max((cells_wide(word) for line in lines for word in line.split()), default=0)
