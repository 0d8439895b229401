"""A report as pages of facts, tables and sentences, and how every format writes them.

A command says what it found once, as pages, and gets plain text, Markdown and LaTeX; its rich table and the rows of
its CSV are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

from scaling_cli.numbers.format import escape
from scaling_cli.record import Record
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.sheet import Sheet
from scaling_cli.results.report import Report

LINE_ANSWERS = 3  # answers of one result that its line has room for

Facts: TypeAlias = list[tuple[str, str]]
Row: TypeAlias = Sequence[object]


class Section(Record):
    """A table under its title, which may be empty; the first `left` columns hold words."""

    title: str
    sheet: Sheet
    left: int = 0


class Page(Record):
    """What is said of one thing: facts as label and sentence, tables, and sentences to quote. All text is escaped."""

    facts: Facts
    sections: Sequence[Section] = ()
    sentences: Sequence[str] = ()


class View(Protocol):
    """How one command's report looks: a module of `scaling_cli.report` has these functions."""

    def pages(self, report: Report[Any]) -> Iterable[Page]:
        """What plain text, Markdown, LaTeX and HTML are made of."""

    def table(self, report: Report[Any], look: Look) -> str:
        """The report as rich tables, failures included, for a terminal."""

    def records(self, report: Report[Any]) -> Iterable[Row]:
        """The rows of CSV at full precision, the header first, for data frames."""

    def charts(self, report: Report[Any]) -> list[Chart]:
        """What there is to plot."""

    def line(self, result: Any) -> str:
        """What one result says, on a line, without its group."""


def group_columns(report: Report[Any]) -> tuple[str, ...]:
    """Names of the columns that tell the groups apart."""
    return tuple(dict.fromkeys(key for each in report.results for key in each.group))


def grouped(report: Report[Any], header: Sequence[str], rows: Callable[[Any], Iterable[Row]]) -> Iterable[Row]:
    """Records of each result, with its group before them; a column of `header` keeps its name."""
    keys = group_columns(report)
    yield [*(escape(f"group_{key}" if key in header else key) for key in keys), *header]
    for result in report.results:
        group = [escape(result.group.get(key, "")) for key in keys]
        yield from ([*group, *row] for row in rows(result))


def more(answers: int) -> str:
    """How many answers a line leaves out."""
    return f"; {answers - LINE_ANSWERS:,} more" if answers > LINE_ANSWERS else ""
