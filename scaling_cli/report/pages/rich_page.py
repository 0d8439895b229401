"""Pages as tables and text for a terminal. Import it lazily: rich costs as much as a small fit.

Cells are `Text`, never `str`, so that brackets in a name are not read as markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from scaling_cli.numbers.format import escape, group_name
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.narrow import GAP, Placed, placed
from scaling_cli.report.pages.page import MOST_ANSWERS, Page, Section, View, answers
from scaling_cli.report.pages.sheet import Cells, Column, Sheet
from scaling_cli.results.report import Failure, Report

MOST_LINES = 25  # that matter, below the answer
FEWEST_LINES = 6  # of a table that is cut: its title, its header and some rows
MORE = "--details shows the rest."
UNLIMITED = 100_000  # columns: rich needs a number, and cuts at 80 if left to guess in a pipe
ASCII_HEAD = Box("    \n    \n -- \n    \n    \n -- \n    \n    \n", ascii=True)
FAILURE_COLUMNS = (Column("failed"), Column("why", "text"), Column("hint", "text"))


def write(report: Report[Any], view: View, *, look: Look, **_: object) -> str:
    """The answers, the report's pages and what failed, drawn for the terminal: on one screen, unless all is wanted."""
    is_cut = look.width is not None and not look.is_detailed
    said = [Text(line, style="bold") for line in answers(report, MOST_ANSWERS if is_cut else None)]
    pages = list(view.pages(report))
    shown = [page.whole if look.is_detailed else page.brief for page in pages]
    blocks = [_drawn([block], look) for page in shown for block in _blocks(page, look)]
    kept = screenful(blocks, MOST_LINES) if is_cut else blocks
    if is_cut and (kept != blocks or any(page.brief != page.whole for page in pages)):
        kept.append(look.wrapped(MORE, indent=0) + "\n")
    failed = [_drawn(_tables(Section("", _failures(report.failures)), look), look)] if report.failures else []
    return "\n".join([*([_drawn(said, look)] if said else []), *kept, *failed])


def screenful(blocks: Sequence[str], most: int) -> list[str]:
    """The first blocks that take no more than `most` lines with the blank lines between them; at least some lines.

    A table that does not fit loses its last rows, and what is too short to be of use is left out.
    """
    kept: list[str] = []
    for block in blocks:
        lines = block.splitlines(keepends=True)
        if len(lines) > most:
            if most >= FEWEST_LINES or not kept:
                kept.append("".join(lines[: most - 1]) + f"and {len(lines) - most + 1:,} more lines\n")
            break
        kept.append(block)
        most -= len(lines) + 1
    return kept


def _blocks(page: Page, look: Look) -> Iterator[RenderableType]:
    """What is drawn with a blank line between each two."""
    if page.facts:
        yield _facts(page.facts)
    for section in page.sections:
        yield from _tables(section, look)
    yield from map(Text, page.sentences)


def _tables(section: Section, look: Look) -> list[RenderableType]:
    """A section's tables, its title right above the first."""
    tables: list[RenderableType] = [_table(part, look) for part in placed(section, look.width) if part.sheet.rows]
    if section.title and tables:
        tables[0] = Group(Text(section.title, style="bold"), tables[0])
    return tables


def _facts(facts: Iterable[tuple[str, str]]) -> Table:
    """Labels on the left, sentences folded on the right."""
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for label, sentence in facts:
        grid.add_row(Text(label), Text(sentence))
    return grid


def _failures(failures: Iterable[Failure]) -> Sheet:
    """What failed, why, and what to try."""
    return Sheet(
        FAILURE_COLUMNS,
        tuple((group_name(failure.group), escape(failure.error), escape(failure.hint)) for failure in failures),
    )


def _table(part: Placed, look: Look) -> Table:
    """A table with a line under its header and none between columns."""
    table = Table(
        box=SIMPLE_HEAD if look.unicode else ASCII_HEAD,
        header_style="bold",
        border_style="dim",
        pad_edge=False,
        show_edge=False,
        padding=(0, GAP - 1, 0, 0),
    )
    for i, column in enumerate(part.sheet.columns):
        table.add_column(
            Text(column.name),
            justify="right" if column.kind == "number" else "left",
            style="bold" if column.is_bold else None,
            overflow="fold",
            width=part.widths[i] if part.widths else None,
        )
    for row, ends in _rows(part.sheet):
        table.add_row(*map(Text, row), end_section=ends)
    return table


def _rows(sheet: Sheet) -> Iterator[tuple[Cells, bool]]:
    """Each row, with a group named in its first row only, and whether an empty line follows."""
    keys = [i for i, column in enumerate(sheet.columns) if column.is_group]
    groups = [tuple(row[i] for i in keys) for row in sheet.rows]
    is_apart = len(set(groups)) < len(groups)  # lines between groups of one row each would only stretch the table
    for i, row in enumerate(sheet.rows):
        is_named = i == 0 or groups[i] != groups[i - 1]
        shown = row if is_named else tuple("" if j in keys else cell for j, cell in enumerate(row))
        ends = i + 1 in sheet.breaks or (is_apart and i + 1 < len(groups) and groups[i + 1] != groups[i])
        yield shown, ends


def _drawn(blocks: Sequence[RenderableType], look: Look) -> str:
    """The blocks as text, one under another, without the blanks rich pads lines with."""
    screen = Console(
        file=io.StringIO(),
        width=UNLIMITED if look.width is None else look.width,
        height=24,  # unused, but without it rich takes TERM=dumb for 80 columns
        force_jupyter=False,
        force_terminal=look.color,
        color_system="standard" if look.color else None,
        legacy_windows=False,
    )
    screen.print(Group(*blocks))
    assert isinstance(screen.file, io.StringIO)
    return "".join(line.rstrip() + "\n" for line in screen.file.getvalue().rstrip().split("\n"))
