"""A report as pages of facts, tables and sentences, and how every format writes them.

A command says what it found once, as pages, and gets plain text, Markdown and LaTeX; its rich table and the rows of
its CSV are its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from scaling_cli.document.report import Report
from scaling_cli.document.write import to_json, to_json_lines
from scaling_cli.errors import UsageError
from scaling_cli.record import record
from scaling_cli.report.look import Look
from scaling_cli.report.notes import caveat_lines, failure_lines, markdown_notes
from scaling_cli.report.numbers import escape
from scaling_cli.report.sheet import Sheet, aligned, latex, markdown, markdown_text

FORMATS = ("table", "plain", "json", "jsonl", "csv", "md", "latex")
WHOLE = frozenset({"json", "jsonl", "md"})  # formats that carry caveats and failures themselves

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


def rendered(
    report: Report[Any],
    format: str,
    *,
    draws: bool,
    pages: Callable[[], Iterable[Page]],
    table: Callable[[], str],
    records: Callable[[], Iterable[Record]],
) -> str:
    """The report as text that ends in a newline.

    Args:
        report: What was found.
        format: One of `FORMATS`.
        draws: Whether `json` keeps the replicates; `jsonl` never does.
        pages: What plain text, Markdown and LaTeX are made of.
        table: The report as rich tables.
        records: The rows of CSV at full precision, the header first.

    Raises:
        UsageError: There is no such format.
    """
    writers: Mapping[str, Callable[[], str]] = {
        "table": table,
        "plain": lambda: _joined(block for page in pages() for block in _plain(page)),
        "json": lambda: to_json(report, draws=draws),
        "jsonl": lambda: "".join(line + "\n" for line in to_json_lines(report)),
        "csv": lambda: _csv(records()),
        "md": lambda: _joined(
            [*(block for page in pages() for block in _markdown(page)), markdown_notes(report.caveats, report.failures)]
        ),
        # A blank line would end a paragraph wherever the text is put.
        "latex": lambda: _joined((block for page in pages() for block in _latex(page)), between="%\n"),
    }
    if format not in writers:
        raise UsageError(f"There is no format {format!r}.", hint=f"Choose one of {', '.join(FORMATS)}.")
    return writers[format]()


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
