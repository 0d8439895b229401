"""Plain text: a line for each fact, and columns two spaces apart without lines, which is easy to grep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import Page, View, answers, joined
from scaling_cli.report.pages.sheet import Sheet, cells_wide
from scaling_cli.results.report import Report


def write(report: Report[Any], view: View, *, look: Look, **_: object) -> str:
    """The answers, then the report's pages, with blank lines between their parts."""
    pages = (page.whole if look.is_detailed else page.brief for page in view.pages(report))
    said = "".join(f"{line}\n" for line in answers(report))
    return joined([said, *(block for page in pages for block in _blocks(page))])


def _blocks(page: Page) -> Iterable[str]:
    yield "".join(f"{label}: {sentence}\n" for label, sentence in page.facts)
    yield from (f"{section.title}\n" * bool(section.title) + aligned(section.sheet) for section in page.sections)
    yield "".join(f"{sentence}\n" for sentence in page.sentences)


def aligned(sheet: Sheet) -> str:
    """The table with each column as wide as its widest cell."""
    if not sheet.rows:
        return ""
    lines = (sheet.header, *sheet.rows)
    widths = [max(cells_wide(line[i]) for line in lines) for i in range(len(sheet.columns))]
    padded = (
        "  ".join(cell + " " * (width - cells_wide(cell)) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "".join(line.rstrip() + "\n" for line in padded)
