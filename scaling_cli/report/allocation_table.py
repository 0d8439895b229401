"""The rich tables of `scaling optimal-allocation`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scaling_cli.report.allocation_rows import sections
from scaling_cli.report.look import Look
from scaling_cli.report.numbers import escape, group_name
from scaling_cli.report.optimal_allocation import AllocationReport, facts
from scaling_cli.report.sheet import Sheet
from scaling_cli.report.table import cells, drawn, facts_grid, fits, ruled_table


def allocation_table(report: AllocationReport, look: Look) -> str:
    """The results and the failures, as tables for a reader."""
    pieces: list[RenderableType] = []
    for result in report.results:
        pieces += [facts_grid(facts(report, result)), Text()]
        wide, narrow = sections(result), sections(result, "\n")
        for section, stacked in zip(wide, narrow, strict=True):
            table = _table(section.sheet, look)
            if not fits(table, look):
                table = _table(stacked.sheet, look)
            pieces += [Text(section.title, style="bold"), table, Text()]
    if report.failures:
        pieces.append(_failures(report, look))
    return drawn(pieces, look)


def _table(sheet: Sheet, look: Look) -> Table:
    table = ruled_table(look)
    for name in sheet.header:
        table.add_column(Text(name), overflow="fold")
    for row in sheet.rows:
        table.add_row(*cells(row))
    return table


def _failures(report: AllocationReport, look: Look) -> Table:
    table = ruled_table(look)
    for name in ("failed", "why", "hint"):
        table.add_column(name, overflow="fold")
    for each in report.failures:
        table.add_row(*cells((group_name(each.group), escape(each.error), escape(each.hint))))
    return table
