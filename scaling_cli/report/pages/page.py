"""A report as pages of facts, tables and sentences: what a command says once, for every format to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from scaling_cli.numbers.format import escape, group_name
from scaling_cli.record import Record
from scaling_cli.report.pages.sheet import Column, Sheet
from scaling_cli.results.report import Report

if TYPE_CHECKING:
    from scaling_cli.report.charts.chart import Chart, Panels

MOST_ANSWERS = 5  # sentences that a terminal shows before the tables

Facts: TypeAlias = list[tuple[str, str]]
Row: TypeAlias = Sequence[object]


class Section(Record):
    """A table under its title, which may be empty; `wide` says it in fewer rows, for terminals that are wide enough.

    A detail is for who wants to check the answer: terminals and plain text show it with --details alone.
    """

    title: str
    sheet: Sheet
    wide: Sheet | None = None
    is_detail: bool = False

    def escaped(self) -> Section:
        """The section with nothing in it that does not print."""
        wide = None if self.wide is None else self.wide.escaped()
        return Section(escape(self.title), self.sheet.escaped(), wide, self.is_detail)


class Page(Record):
    """Facts as label and sentence, tables, and sentences to quote, all about one thing.

    What is drawn are `brief` and `whole`, in which all text is escaped: that of saved documents comes from anywhere.
    `details` are facts that terminals and plain text show with --details alone.
    """

    facts: Facts
    sections: Sequence[Section] = ()
    sentences: Sequence[str] = ()
    details: Facts = []

    @property
    def brief(self) -> Page:
        """The page without what only --details shows."""
        return Page(
            self.facts, [section for section in self.sections if not section.is_detail], self.sentences
        )._escaped()

    @property
    def whole(self) -> Page:
        """The page with its details among the rest."""
        return Page([*self.facts, *self.details], self.sections, self.sentences)._escaped()

    def _escaped(self) -> Page:
        facts = [(escape(label), escape(sentence)) for label, sentence in self.facts]
        return Page(facts, [section.escaped() for section in self.sections], list(map(escape, self.sentences)))


class View(Protocol):
    """What one command says about its report: `report/COMMAND.py`, or its module `view`, has these functions."""

    def pages(self, report: Report[Any]) -> Iterable[Page]:
        """What every format for readers is made of."""

    def records(self, report: Report[Any]) -> Iterable[Row]:
        """The rows of CSV at full precision, the header first, for data frames."""

    def charts(self, report: Report[Any]) -> list[Chart]:
        """The plots."""


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


def answers(report: Report[Any], most: int | None = None) -> list[str]:
    """The sentence of each result, led by its group; beyond `most`, the number of the others."""
    named = [(getattr(result, "subject", result.group), result.sentence) for result in report.results]
    said = [(group_name(group), sentence) for group, sentence in named if sentence]
    lines = [escape(f"{name}: {sentence}" if name else sentence) for name, sentence in said[:most]]
    left = len(said) - len(lines)
    return [*lines, f"And {left:,} more groups, in the tables below."] if left else lines


def panels_of(view: View, report: Report[Any]) -> Panels:
    """The figure of a report: what the view composes, else its charts one under another."""
    compose = getattr(view, "panels", None)
    rows: Panels = compose(report) if compose else [[chart] for chart in view.charts(report)]
    return [row for row in rows if row]


def joined(blocks: Iterable[str], between: str = "\n") -> str:
    """The blocks that are not empty, one after another."""
    return between.join(block for block in blocks if block)
