"""A report as text in every format."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from scaling_cli.document.write import to_json, to_json_lines
from scaling_cli.errors import UsageError
from scaling_cli.report.pages.latex import latex
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.notes import caveat_lines, failure_lines, markdown_notes
from scaling_cli.report.pages.page import Page, Row, View
from scaling_cli.report.pages.sheet import aligned, markdown, markdown_text
from scaling_cli.results.report import Report

FORMATS = ("table", "plain", "json", "jsonl", "csv", "md", "latex")


WHOLE = frozenset({"json", "jsonl", "md"})  # formats that carry caveats and failures themselves


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


def _joined(blocks: Iterable[str], between: str = "\n") -> str:
    return between.join(block for block in blocks if block)


def _csv(records: Iterable[Row]) -> str:
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
