"""The rich tables of `scaling compare-exponents`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scaling_cli.report.compare_exponents.facts import (
    CompareReport,
    facts,
    group_sheet,
    pair_sheet,
    sentences,
    sheets_of,
)
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.rich_page import cells, drawn, facts_grid, failures_table, fits, ruled_table
from scaling_cli.report.pages.sheet import Sheet

RIGHT = frozenset({"runs", "difference", "margin", "detects", "p", "p adjusted", "noise", "multiplier", "at loss"})
KEPT_WHOLE = frozenset({"difference", "interval", "verdict", "p", "multiplier", "runs", "noise"})
VERDICT_STYLES = {"different": "bold", "equivalent": "bold", "inconclusive": "", "not-identified": "dim"}


def compare_table(report: CompareReport, *, look: Look) -> str:
    """Facts, groups, pairs, multipliers, and each verdict in words."""
    result = report.results[0]
    groups, pairs, *others = sheets_of(report)
    tables = [
        _fitting(groups, group_sheet(result, "\n"), look),
        _fitting(pairs, pair_sheet(result, stacked=True), look),
        *(_table(sheet, look) for sheet in others),
    ]
    pieces: list[RenderableType] = [facts_grid(facts(report)), *tables]
    if report.failures:
        pieces.append(failures_table(report.failures, look))
    pieces += [Text(line) for line in sentences(report)]
    return drawn([part for piece in pieces for part in (piece, Text())][:-1], look)


def _fitting(sheet: Sheet, narrow: Sheet, look: Look) -> Table:
    """The sheet as a table, or its narrow form where the table would have to fold."""
    table = _table(sheet, look)
    return table if fits(table, look) else _table(narrow, look)


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
