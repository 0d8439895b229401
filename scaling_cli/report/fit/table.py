"""The rich tables of `scaling fit`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scaling_cli.numbers.format import escape, percent, rounded
from scaling_cli.report.fit.facts import (
    FitReport,
    estimates,
    fit_facts,
    interval_heading,
    parameter_sheet,
    shared_facts,
)
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import group_columns
from scaling_cli.report.pages.rich_page import cells, drawn, facts_grid, failures_table, fits, ruled_table
from scaling_cli.report.pages.sheet import Sheet


def fit_table(report: FitReport, *, look: Look) -> str:
    """The results and the failures, as tables for a reader."""
    return drawn(fit_renderables(report, look=look), look)


def fit_renderables(report: FitReport, *, look: Look) -> list[RenderableType]:
    """A page about one fit, or a row for each of several, and what failed; blank lines in between."""
    pieces: list[RenderableType] = []
    if len(report.results) == 1:
        result = report.results[0]
        pieces = [facts_grid(fit_facts(result, report.columns)), _parameters(report, look)]
    elif report.results:
        pieces = [facts_grid(shared_facts(report)), _groups(report, look)]
    if report.failures:
        pieces.append(failures_table(report.failures, look))
    return [part for piece in pieces for part in (piece, Text())][:-1]


def _parameters(report: FitReport, look: Look) -> Table:
    """One row a parameter, with a line before what follows from them."""
    result = report.results[0]
    sheet = parameter_sheet(report)
    table = ruled_table(look)
    _add_columns(table, sheet, start=sheet.symbols)
    for i, row in enumerate(sheet.rows):
        table.add_row(*cells(row[sheet.symbols :]), end_section=i == len(result.parameters) - 1)
    return table


def _add_columns(table: Table, sheet: Sheet, start: int = 0) -> None:
    """Columns that give way from the right: meanings fold first, numbers last."""
    for name in sheet.header[start:]:
        numeric = name == "estimate" or name.endswith("interval")
        table.add_column(
            Text(name),
            justify="right" if name == "estimate" else "left",
            no_wrap=numeric or name == "parameter",
            style="bold" if name == "estimate" else None,
            overflow="fold",
        )


def _groups(report: FitReport, look: Look) -> Table:
    """The widest layout that fits: a line a group, a group over two lines, or a line a parameter."""
    if len({tuple(each.parameters) for each in report.results}) == 1:
        for apart in (" ", "\n"):
            table = _compact(report, look, apart)
            if fits(table, look):
                return table
    return _long(report, look)


def _compact(report: FitReport, look: Look, apart: str) -> Table:
    """One row a group; `apart` stands between an estimate and its interval."""
    table = ruled_table(look)
    keys = group_columns(report)
    caveats = _caveat_counts(report)
    for key in keys:
        table.add_column(Text(escape(key)))
    table.add_column("runs", justify="right")
    for name in report.results[0].parameters:
        table.add_column(Text(escape(name)))
    table.add_column("rmse", justify="right")
    if any(caveats):
        table.add_column("caveats", justify="right")
    for result, doubts in zip(report.results, caveats, strict=True):
        row = [escape(result.group.get(key, "")) for key in keys] + [f"{result.runs:,}"]
        for value in result.parameters.values():
            shown = rounded(value)
            row.append(f"{shown.estimate}{apart}{shown.interval}")
        row += [percent(result.quality.rmse_log)] + ([str(doubts)] if any(caveats) else [])
        table.add_row(*cells(row))
    return table


def _caveat_counts(report: FitReport) -> list[int]:
    """How many caveats each result carries."""
    return [sum(each.group == result.group for each in report.caveats) for result in report.results]


def _long(report: FitReport, look: Look) -> Table:
    """One row a parameter, groups apart by a line and named once."""
    table = ruled_table(look)
    keys = group_columns(report)
    for key in keys:
        table.add_column(Text(escape(key)), overflow="fold")
    for name in ("runs", "rmse", "parameter", "estimate", interval_heading(report)):
        table.add_column(name, justify="right" if name in ("runs", "rmse", "estimate") else "left", no_wrap=True)
    for result in report.results:
        group = [escape(result.group.get(key, "")) for key in keys]
        lead = [*group, f"{result.runs:,}", percent(result.quality.rmse_log)]
        for name, value in estimates(result).items():
            shown = rounded(value)
            table.add_row(*cells((*lead, escape(name), shown.estimate, shown.interval)))
            lead = [""] * len(lead)
        table.add_section()
    return table
