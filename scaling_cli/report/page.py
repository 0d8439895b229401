"""A report as pages of facts, tables and sentences, and how every format writes them.

A command says what it found once, as pages, and gets plain text, Markdown and LaTeX; its rich table and the rows of
its CSV are its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

from scaling_cli.document.report import Report
from scaling_cli.document.write import to_json, to_json_lines
from scaling_cli.errors import UsageError
from scaling_cli.record import record
from scaling_cli.report.chart import Chart
from scaling_cli.report.look import Look
from scaling_cli.report.notes import caveat_lines, failure_lines, markdown_notes
from scaling_cli.report.numbers import escape
from scaling_cli.report.sheet import Sheet, aligned, latex, markdown, markdown_text

FORMATS = ("table", "plain", "json", "jsonl", "csv", "md", "latex")
WHOLE = frozenset({"json", "jsonl", "md"})  # formats that carry caveats and failures themselves

LINE_ANSWERS = 3  # answers of one result that its line has room for

Facts: TypeAlias = list[tuple[str, str]]
Record: TypeAlias = Sequence[object]


@record
class Section:
    """A table under its title, which may be empty; the first `left` columns hold words."""

    title: str
    sheet: Sheet
    left: int = 0


@record
class Page:
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

    def records(self, report: Report[Any]) -> Iterable[Record]:
        """The rows of CSV at full precision, the header first, for data frames."""

    def charts(self, report: Report[Any]) -> list[Chart]:
        """What there is to plot."""

    def line(self, result: Any) -> str:
        """What one result says, on a line, without its group."""


def render(report: Report[Any], format: str, view: View, *, look: Look, draws: bool = True) -> str:
    """The report as text that ends in a newline; `render_notes` has what is left to say.

    Args:
        report: What was found.
        format: One of `FORMATS`.
        view: How the command's reports look.
        look: The place of output; only `table` depends on it.
        draws: Whether `json` keeps the replicates; `jsonl` never does.

    Raises:
        UsageError: There is no such format.
    """
    if format == "table":
        return view.table(report, look)
    if format == "json":
        return to_json(report, draws=draws)
    if format == "jsonl":
        return "".join(line + "\n" for line in to_json_lines(report))
    if format == "csv":
        return _csv(view.records(report))
    pages = list(view.pages(report)) if format in ("plain", "md", "latex") else []
    if format == "plain":
        return _joined(block for page in pages for block in _plain(page))
    if format == "md":
        blocks = [block for page in pages for block in _markdown(page)]
        return _joined([*blocks, markdown_notes(report.caveats, report.failures)])
    if format == "latex":
        # A blank line would end a paragraph wherever the text is put.
        return _joined((block for page in pages for block in _latex(page)), between="%\n")
    raise UsageError(f"There is no format {format!r}.", hint=f"Choose one of {', '.join(FORMATS)}.")


def render_notes(report: Report[Any], format: str, look: Look) -> str:
    """What belongs on stderr beside the result: caveats, and failures that the format has no place for."""
    if format in WHOLE:
        return ""
    failures = "" if format == "table" else failure_lines(report.failures, look)
    return failures + caveat_lines(report.caveats, look)


def group_columns(report: Report[Any]) -> tuple[str, ...]:
    """Names of the columns that tell the groups apart."""
    return tuple(dict.fromkeys(key for each in report.results for key in each.group))


def grouped(report: Report[Any], header: Sequence[str], rows: Callable[[Any], Iterable[Record]]) -> Iterable[Record]:
    """Records of each result, with its group before them; a column of `header` keeps its name."""
    keys = group_columns(report)
    yield [*(escape(f"group_{key}" if key in header else key) for key in keys), *header]
    for result in report.results:
        group = [escape(result.group.get(key, "")) for key in keys]
        yield from ([*group, *row] for row in rows(result))


def more(answers: int) -> str:
    """How many answers a line leaves out."""
    return f"; {answers - LINE_ANSWERS:,} more" if answers > LINE_ANSWERS else ""


def _joined(blocks: Iterable[str], between: str = "\n") -> str:
    return between.join(block for block in blocks if block)


def _csv(records: Iterable[Record]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(records)
    return text.getvalue()


def _plain(page: Page) -> Iterable[str]:
    yield "".join(f"{label}: {said}\n" for label, said in page.facts)
    yield from (f"{each.title}\n" * bool(each.title) + aligned(each.sheet) for each in page.sections)
    yield "".join(f"{line}\n" for line in page.sentences)


def _markdown(page: Page) -> Iterable[str]:
    yield "".join(f"- {markdown_text(f'{label}: {said}')}\n" for label, said in page.facts)
    for each in page.sections:
        yield (f"**{markdown_text(each.title)}**\n\n" if each.title else "") + markdown(each.sheet)
    yield "".join(f"- {markdown_text(line)}\n" for line in page.sentences)


def _latex(page: Page) -> Iterable[str]:
    yield "".join(f"% {label}: {said}\n" for label, said in page.facts)
    yield from (f"% {each.title}\n" * bool(each.title) + latex(each.sheet) for each in page.sections)
    yield "".join(f"% {line}\n" for line in page.sentences)
