"""The rich tables of `scaling inference-coverage`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scaling_cli.report.inference_coverage.rows import CoverageReport, sections
from scaling_cli.report.inference_coverage.view import facts, headline
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.rich_page import cells, drawn, facts_grid, failures_table, ruled_table
from scaling_cli.report.pages.sheet import Sheet

WORDS = ("law", "parameter", "method", "question", "less", "with", "verdict", "design")


def coverage_table(report: CoverageReport, look: Look) -> str:
    """The facts, a table for each section, and what failed."""
    told = facts(report)
    if len(report.results) == 1 and (said := headline(report.results[0])):
        told.append(("forecast", said))
    pieces: list[RenderableType] = [facts_grid(told)] if told else []
    keys = len({key for result in report.results for key in result.group})
    for section in sections(report):
        pieces += [Text(section.title, style="bold"), _table(section.sheet, keys, look)]
    if report.failures:
        pieces.append(failures_table(report.failures, look))
    return drawn([part for piece in pieces for part in _spaced(piece)], look)


def _spaced(piece: RenderableType) -> list[RenderableType]:
    """A title stands right over its table; everything else is followed by a blank line."""
    return [piece] if isinstance(piece, Text) else [piece, Text()]


def _table(sheet: Sheet, keys: int, look: Look) -> Table:
    """A section: numbers to the right, a group named once."""
    table = ruled_table(look)
    for i, name in enumerate(sheet.header):
        is_word = i < keys or name in WORDS or name.endswith("interval")
        table.add_column(
            Text(name),
            justify="left" if is_word else "right",
            no_wrap=not (i < keys or name == "parameter"),
            overflow="fold",
            style="bold" if name == "coverage" else None,
        )
    last: tuple[str, ...] = ()
    for row in sheet.rows:
        group = row[:keys]
        shown = row if group != last or not keys else ("",) * keys + row[keys:]
        if last and group != last:
            table.add_section()
        table.add_row(*cells(shown))
        last = group
    return table
