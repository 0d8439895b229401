"""What `scaling columns` says: which column plays which role, what is left out, and a sample of the rows."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_cli.data.names import shortened
from scaling_cli.numbers.format import MISSING, amount, escape, figure, number_of
from scaling_cli.record import astuple, fields
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.next_steps import next_steps
from scaling_cli.report.pages.page import Facts, Page, Row, Section
from scaling_cli.report.pages.sheet import Column, Sheet, numbers, words
from scaling_cli.results.columns import ColumnsResult, RoleColumn
from scaling_cli.results.report import Report

SHOWN_OTHERS = 40  # names of further columns; a wide log has hundreds

ColumnsReport = Report[ColumnsResult]


def pages(report: ColumnsReport) -> list[Page]:
    """One page about all files."""
    return [
        Page(_facts(report, result), [Section("", sheet) for sheet in (_roles(result), _sample(result)) if sheet.rows])
        for result in report.results
    ]


def records(report: ColumnsReport) -> Iterator[Row]:
    """One row per role."""
    yield tuple(field.name for field in fields(RoleColumn))
    for result in report.results:
        yield from (tuple(_plain(value) for value in astuple(role)) for role in result.roles)


def charts(report: ColumnsReport) -> list[Chart]:
    """None: nothing is fitted."""
    return []


def _facts(report: ColumnsReport, result: ColumnsResult) -> Facts:
    files = f"{len(report.inputs):,} files, " if len(report.inputs) > 1 else ""
    facts = [("read", f"{files}{number_of(result.rows, 'row')}")]
    if result.problem:
        facts += [("problem", escape(result.problem)), ("remedy", escape(result.remedy or ""))]
    if result.excluded:
        facts.append(("left out", "; ".join(f"{count:,} with {reason}" for reason, count in result.excluded.items())))
    if result.others:
        more = len(result.others) - SHOWN_OTHERS
        names = ", ".join(_shown(name) for name in result.others[:SHOWN_OTHERS])
        facts.append(("other columns", names + (f" and {more:,} more" if more > 0 else "")))
    return facts + next_steps(result, [source.path for source in report.inputs], report.options)


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
    return Sheet((*words("role", "read from", "unit"), *numbers("factor", "min", "max", "missing")), rows)


def _sample(result: ColumnsResult) -> Sheet:
    if not result.sample:
        return Sheet((), ())
    columns = tuple(
        Column(_shown(name), "word" if any(isinstance(row[name], str) for row in result.sample) else "number")
        for name in result.sample[0]
    )
    rows = tuple(tuple(_cell(name, value) for name, value in row.items()) for row in result.sample)
    return Sheet(columns, rows)


def _cell(name: str, value: float | str | None) -> str:
    if isinstance(value, str):
        return _shown(value)
    return MISSING if value is None else amount(name, value)


def _shown(text: str) -> str:
    return escape(shortened(text))


def _plain(value: object) -> object:
    return escape(value) if isinstance(value, str) else value
