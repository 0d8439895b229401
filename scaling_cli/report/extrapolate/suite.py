"""The table of several losses, tasks and averages, for readers and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaling_cli.numbers.format import amount, escape, figure, percent, rounded
from scaling_cli.record import replace
from scaling_cli.report.extrapolate.rows import place_cells, roles_of
from scaling_cli.report.pages.page import Row, Section, grouped
from scaling_cli.report.pages.sheet import Cells, Column, Sheet, numbers, words
from scaling_cli.results.forecast import Extrapolation, SuiteForecast, SuiteRow
from scaling_cli.results.report import Report

HEADER = ("name", "kind", "follows_from", "estimate", "prediction_low", "prediction_high", "level")


def suite_section(result: Extrapolation, suite: SuiteForecast) -> Section:
    """All losses, tasks and averages, in a row for each at each target; with enough room, a column for each target."""
    roles = roles_of(suite.rows)
    columns = (
        *words("forecast", "follows from"),
        *numbers(*map(escape, roles), "estimate"),
        Column("new run", "interval"),
    )
    rows = tuple((*_lead(row), *place_cells(row.at, roles), *_value(row)) for row in suite.rows)
    level = percent(result.interval.level, 4)
    title = f"all targets, with {level} intervals for a new run, from {suite.draws:,} joint draws"
    return Section(title, Sheet(columns, rows), _wide(suite))


def _wide(suite: SuiteForecast) -> Sheet:
    by_name: dict[str, list[SuiteRow]] = {}
    for row in suite.rows:
        by_name.setdefault(row.name, []).append(row)
    columns = [*words("forecast", "follows from")]
    for row in next(iter(by_name.values())):
        columns += [Column(_heading(row), "number"), Column("new run", "interval")]
    rows = [(*_lead(values[0]), *(cell for row in values for cell in _value(row))) for values in by_name.values()]
    return Sheet(tuple(columns), tuple(rows))


def _lead(row: SuiteRow) -> Cells:
    return escape(row.name), escape(row.loss or ("" if row.kind == "loss" else row.kind))


def _value(row: SuiteRow) -> Cells:
    shown = rounded(row.value)
    return shown.estimate, shown.interval


def _heading(row: SuiteRow) -> str:
    """What was asked for: the budget, if that comes first, or all amounts."""
    if next(iter(row.at), "") == "compute":
        return f"{figure(row.at['compute'], 3)} FLOPs"
    return ", ".join(f"{amount(role, value)} {escape(role)}" for role, value in row.at.items() if role != "compute")


def suite_records(report: Report[Extrapolation]) -> Iterable[Row]:
    """One row for each loss, task and average at each target."""
    results = tuple(whole(result) for result in report.results if result.suite is not None)
    roles = tuple(dict.fromkeys(role for result in results if result.suite for role in roles_of(result.suite.rows)))
    header = (*HEADER[:3], *map(escape, roles), *HEADER[3:])
    return grouped(replace(report, results=results), header, lambda result: _records(result, roles))


def whole(result: Extrapolation) -> Extrapolation:
    """The result as that of all losses together, and not of its own alone."""
    return replace(result, group=result.subject)


def _records(result: Extrapolation, roles: tuple[str, ...]) -> Iterator[Row]:
    assert result.suite is not None
    for row in result.suite.rows:
        value = row.value
        yield (
            escape(row.name), row.kind, escape(row.loss or ""), *(row.at.get(role) for role in roles),
            value.estimate, value.low, value.high, result.interval.level,
        )  # fmt: skip
