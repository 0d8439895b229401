"""The rich tables of `scaling optimal-allocation`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scaling_cli.report.optimal_allocation.rows import sections
from scaling_cli.report.optimal_allocation.view import AllocationReport, facts
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.rich_page import cells, drawn, facts_grid, failures_table, fits, ruled_table
from scaling_cli.report.pages.sheet import Sheet

MOST_TURNED = 6  # rows that are read more easily side by side than folded


def allocation_table(report: AllocationReport, look: Look) -> str:
    """The results and the failures, as tables for a reader."""
    pieces: list[RenderableType] = []
    for result in report.results:
        pieces += [facts_grid(facts(report, result)), Text()]
        for section in sections(result):
            pieces.append(Text(section.title, style="bold"))
            pieces += [part for table in _fitting(section.sheet, look) for part in (table, Text())]
    if report.failures:
        pieces.append(failures_table(report.failures, look))
    return drawn(pieces, look)


def _fitting(sheet: Sheet, look: Look) -> list[Table]:
    """The table if it fits; else turned on its side, with as many of its rows beside each other as fit."""
    table = _table(sheet, look)
    if fits(table, look) or len(sheet.rows) > MOST_TURNED:
        return [table]
    for count in range(len(sheet.rows), 1, -1):
        tables = [_turned(sheet, sheet.rows[i : i + count], look) for i in range(0, len(sheet.rows), count)]
        if all(fits(each, look) for each in tables):
            return tables
    return [_turned(sheet, (row,), look) for row in sheet.rows]


def _turned(sheet: Sheet, rows: tuple[tuple[str, ...], ...], look: Look) -> Table:
    """Columns as rows: the first column becomes the header."""
    table = ruled_table(look)
    table.add_column(Text(sheet.header[0]), no_wrap=True)
    for row in rows:
        table.add_column(Text(row[0]), overflow="fold")
    for i, name in enumerate(sheet.header[1:], start=1):
        table.add_row(*cells((name, *(row[i] for row in rows))))
    return table


def _table(sheet: Sheet, look: Look) -> Table:
    table = ruled_table(look)
    for name in sheet.header:
        table.add_column(Text(name), overflow="fold")
    for row in sheet.rows:
        table.add_row(*cells(row))
    return table
