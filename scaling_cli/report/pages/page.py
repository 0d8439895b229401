"""A report as pages of facts, tables and sentences: what a command says once, for every format to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

from scaling_cli.numbers.format import escape
from scaling_cli.record import Record
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.pages.sheet import Column, Sheet
from scaling_cli.results.report import Report

LINE_ANSWERS = 3  # answers of one result that its line has room for

Facts: TypeAlias = list[tuple[str, str]]
Row: TypeAlias = Sequence[object]


class Section(Record):
    """A table under its title, which may be empty; `wide` says it in fewer rows, for terminals that are wide enough."""

    title: str
    sheet: Sheet
    wide: Sheet | None = None


class Page(Record):
    """Facts as label and sentence, tables, and sentences to quote, all about one thing. All text is escaped."""

    facts: Facts
    sections: Sequence[Section] = ()
    sentences: Sequence[str] = ()


class View(Protocol):
    """What one command says about its report: `report/COMMAND.py`, or its module `view`, has these functions."""

    def pages(self, report: Report[Any]) -> Iterable[Page]:
        """What every format for readers is made of."""

    def records(self, report: Report[Any]) -> Iterable[Row]:
        """The rows of CSV at full precision, the header first, for data frames."""

    def charts(self, report: Report[Any]) -> list[Chart]:
        """The plots."""

    def line(self, result: Any) -> str:
        """One result on one line, without its group."""


def group_columns(report: Report[Any]) -> tuple[str, ...]:
    """Names of the columns that define the groups."""
    return tuple(dict.fromkeys(key for result in report.results for key in result.group))


def group_headings(keys: Iterable[str]) -> tuple[Column, ...]:
    """A column for each of the names of `group_columns`."""
    return tuple(Column(escape(key), is_group=True) for key in keys)


def group_cells(keys: Iterable[str], result: Any) -> tuple[str, ...]:
    """The cells of one result under `group_headings`."""
    return tuple(escape(result.group.get(key, "")) for key in keys)


def grouped(report: Report[Any], header: Sequence[str], rows: Callable[[Any], Iterable[Row]]) -> Iterable[Row]:
    """Records of each result, with its group before them; a column of `header` keeps its name."""
    keys = group_columns(report)
    yield [*(escape(f"group_{key}" if key in header else key) for key in keys), *header]
    for result in report.results:
        group = group_cells(keys, result)
        yield from ([*group, *row] for row in rows(result))


def more(answers: int) -> str:
    """How many results a line leaves out."""
    return f"; {answers - LINE_ANSWERS:,} more" if answers > LINE_ANSWERS else ""


def joined(blocks: Iterable[str], between: str = "\n") -> str:
    """The blocks that are not empty, one after another."""
    return between.join(block for block in blocks if block)
