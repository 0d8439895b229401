"""The rich tables of `scaling compare-exponents`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scaling_cli.report.compare_exponents import CompareReport, facts, group_sheet, sentences, sheets_of
from scaling_cli.report.look import Look
from scaling_cli.report.sheet import Sheet
from scaling_cli.report.table import cells, drawn, facts_grid, failures_table, fits, ruled_table

RIGHT = frozenset({"runs", "difference", "margin", "detects", "p", "p adjusted", "noise", "multiplier", "at loss"})
KEPT_WHOLE = frozenset({"difference", "interval", "verdict", "p", "multiplier", "runs", "noise"})
VERDICT_STYLES = {"different": "bold", "equivalent": "bold", "inconclusive": "", "not-identified": "dim"}


def compare_table(report: CompareReport, *, look: Look) -> str:
    """Facts, groups, pairs, multipliers, and each verdict in words."""
    groups, *others = sheets_of(report)
    table = _table(groups, look)
    if not fits(table, look):
        table = _table(group_sheet(report.results[0], "\n"), look)
    pieces: list[RenderableType] = [facts_grid(facts(report)), table]
    pieces += [_table(sheet, look) for sheet in others]
    if report.failures:
        pieces.append(failures_table(report.failures, look))
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
