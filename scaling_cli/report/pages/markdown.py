"""GitHub Markdown, with caveats and failures in it, for pages that leave the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from scaling_cli.caveats import Caveat
from scaling_cli.numbers.format import escape, group_name
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.notes import gathered
from scaling_cli.report.pages.page import MOST_ANSWERS, Page, View, answers, joined
from scaling_cli.report.pages.sheet import Cells, Sheet
from scaling_cli.results.report import Failure, Report


def write(report: Report[Any], view: View, *, look: Look, **_: object) -> str:
    """A title and the answers, the report's pages, then its caveats and failures."""
    said = "".join(f"{markdown_text(line)}\n\n" for line in answers(report)).removesuffix("\n")
    blocks = [block for page in view.pages(report) for block in _blocks(page.whole)]
    title = f"# {markdown_text(escape(look.title or f'scaling {report.command}'))}\n"
    described = markdown_text(" ".join(answers(report, MOST_ANSWERS))).replace("[", "\\[").replace("]", "\\]")
    picture = f"![{described}]({quote(look.picture)})\n" if look.picture else ""
    return joined([title, said, picture, *blocks, markdown_notes(report.caveats, report.failures)])


def _blocks(page: Page) -> Iterable[str]:
    yield "".join(f"- {markdown_text(f'{label}: {sentence}')}\n" for label, sentence in page.facts)
    for section in page.sections:
        yield (f"**{markdown_text(section.title)}**\n\n" if section.title else "") + markdown(section.sheet)
    yield "".join(f"- {markdown_text(sentence)}\n" for sentence in page.sentences)


def markdown(sheet: Sheet) -> str:
    """A table."""
    lines = [_row(sheet.header), "| " + " | ".join("---" for _ in sheet.header) + " |", *map(_row, sheet.rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Cells) -> str:
    return "| " + " | ".join(map(markdown_text, cells)) + " |"


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    # A bracket only means something in a link, which needs `](`; intervals stay as they are.
    escaped = re.sub(r"([\\`*_|~]|\](?=[(\[:]))", r"\\\1", text)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown_notes(caveats: Iterable[Caveat], failures: Iterable[Failure]) -> str:
    """Caveats and failures as a list."""
    notes = [_note("Caveat", note.message, note.where(), f" ({note.code})") for note in gathered(caveats)]
    notes += [_note("Failed", failure.error, group_name(failure.group), f" {failure.hint}") for failure in failures]
    return "".join(notes)


def _note(label: str, message: str, where: str, after: str) -> str:
    place = f" ({where})" if where else ""
    return f"- **{label}**{markdown_text(place)}: {markdown_text(escape(message + after))}\n"
