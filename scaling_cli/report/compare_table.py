"""The rich tables of `scaling compare-exponents`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scaling_cli.report.compare_exponents import CompareReport, facts, sentences, sheets_of
from scaling_cli.report.look import Look
from scaling_cli.report.sheet import Sheet
from scaling_cli.report.table import cells, drawn, facts_grid, ruled_table

RIGHT = frozenset({"runs", "difference", "margin", "detectable", "p", "p adjusted", "noise", "multiplier", "at loss"})
KEPT_WHOLE = frozenset({"difference", "interval", "verdict", "p", "multiplier", "runs"})
VERDICT_STYLES = {"different": "bold", "equivalent": "bold", "inconclusive": "", "not-identified": "dim"}


def compare_table(report: CompareReport, *, look: Look) -> str:
    """Facts, groups, pairs, multipliers, and each verdict in words."""
    pieces: list[RenderableType] = [facts_grid(facts(report))]
    pieces += [_table(sheet, look) for sheet in sheets_of(report)]
    pieces += [Text(line) for line in sentences(report)]
    return drawn([part for piece in pieces for part in (piece, Text())][:-1], look)


def _table(sheet: Sheet, look: Look) -> Table:
    table = ruled_table(look)
    for name in sheet.header:
        table.add_column(
            Text(name),
            justify="right" if name in RIGHT else "left",
            no_wrap=name in KEPT_WHOLE,
            overflow="fold",
        )
    for row in sheet.rows:
        shown = cells(row)
        for cell in shown:
            cell.stylize(VERDICT_STYLES.get(cell.plain, ""))
        table.add_row(*shown)
    return table
