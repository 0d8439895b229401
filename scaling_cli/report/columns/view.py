"""What `scaling columns` found, in every format it has: which column plays which role, what is left out, a sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaling_cli.data.names import shortened
from scaling_cli.numbers.format import MISSING, amount, escape, figure
from scaling_cli.record import astuple, fields
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import Page, Row, Section
from scaling_cli.report.pages.sheet import Sheet
from scaling_cli.results.columns import ColumnsResult, RoleColumn
from scaling_cli.results.report import Report

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN_OTHERS = 40  # names of further columns; a wide log has hundreds

ColumnsReport = Report[ColumnsResult]


def pages(report: ColumnsReport) -> list[Page]:
    """One page: a mapping is of all files."""
    return [
        Page(_facts(report, each), [Section("", sheet) for sheet in (_roles(each), _sample(each)) if sheet.header])
        for each in report.results
    ]


def table(report: ColumnsReport, look: Look) -> str:
    """The rich tables."""
    from scaling_cli.report.pages.rich_page import cells, drawn, facts_grid, failures_table, ruled_table

    pieces: list[RenderableType] = []
    for page in pages(report):
        pieces.append(facts_grid(page.facts))
        for section in page.sections:
            drawing = ruled_table(look)
            for heading in cells(section.sheet.header):
                drawing.add_column(heading, overflow="fold")
            for row in section.sheet.rows:
                drawing.add_row(*cells(row))
            pieces += ["", drawing]
    if report.failures:
        pieces += ["", failures_table(report.failures, look)]
    return drawn(pieces, look)


def records(report: ColumnsReport) -> Iterator[Row]:
    """One row a role."""
    yield tuple(each.name for each in fields(RoleColumn))
    for result in report.results:
        yield from (tuple(_plain(value) for value in astuple(role)) for role in result.roles)


def charts(report: ColumnsReport) -> list[Chart]:
    """Nothing: there is no curve in a mapping."""
    return []


def line(result: ColumnsResult) -> str:
    """Which column plays which role."""
    return ", ".join(f"{role.role} from {_shown(role.origin)}" for role in result.roles)


def _facts(report: ColumnsReport, result: ColumnsResult) -> list[tuple[str, str]]:
    files = f"{len(report.inputs):,} files, " if len(report.inputs) > 1 else ""
    fitted = f"{result.points:,} points of {result.runs:,} runs would be fitted"
    facts = [("read", f"{files}{result.rows:,} rows; {'nothing can be fitted yet' if result.problem else fitted}")]
    if result.problem:
        facts += [("problem", escape(result.problem)), ("remedy", escape(result.remedy or ""))]
    if result.excluded:
        facts.append(("left out", "; ".join(f"{count:,} with {reason}" for reason, count in result.excluded.items())))
    if result.others:
        more = len(result.others) - SHOWN_OTHERS
        names = ", ".join(_shown(name) for name in result.others[:SHOWN_OTHERS])
        facts.append(("other columns", names + (f" and {more:,} more" if more > 0 else "")))
    return facts


def _roles(result: ColumnsResult) -> Sheet:
    rows = tuple(
        (
            role.role,
            _shown(role.origin),
            role.unit,
            MISSING if role.scale == 1 else f"x {figure(role.scale)}",
            MISSING if role.low is None else amount(role.role, role.low),
            MISSING if role.high is None else amount(role.role, role.high),
            f"{role.missing:,}" if role.missing else MISSING,
        )
        for role in result.roles
    )
    return Sheet(("role", "read from", "unit", "scaled", "min", "max", "missing"), rows, 0)


def _sample(result: ColumnsResult) -> Sheet:
    if not result.sample:
        return Sheet((), (), 0)
    header = tuple(_shown(name) for name in result.sample[0])
    rows = tuple(
        tuple(
            _shown(value) if isinstance(value, str) else MISSING if value is None else amount(name, value)
            for name, value in row.items()
        )
        for row in result.sample
    )
    return Sheet(header, rows, 0)


def _shown(text: str) -> str:
    return escape(shortened(text))


def _plain(value: object) -> object:
    return escape(value) if isinstance(value, str) else value
