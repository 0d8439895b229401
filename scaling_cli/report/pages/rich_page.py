"""Pieces that every rich table here is made of. Import it lazily: rich costs as much as a small fit.

Cells are `Text`, never `str`, so that brackets in a name are not read as markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from scaling_cli.numbers.format import escape, group_name
from scaling_cli.report.pages.look import Look
from scaling_cli.results.report import Failure

UNLIMITED = 100_000  # columns: rich needs a number, and cuts at 80 if left to guess in a pipe
ASCII_HEAD = Box("    \n    \n -- \n    \n    \n -- \n    \n    \n", ascii=True)


def console(look: Look) -> Console:
    """A console that writes to memory, as wide and as colourful as the look allows."""
    return Console(
        file=io.StringIO(),
        width=UNLIMITED if look.width is None else look.width,
        height=24,  # unused, but without it rich takes TERM=dumb for 80 columns
        force_jupyter=False,
        force_terminal=look.color,
        color_system="standard" if look.color else None,
        no_color=not look.color,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )


def drawn(pieces: Sequence[RenderableType], look: Look) -> str:
    """The pieces as text, one under another, without the blanks rich pads lines with."""
    screen = console(look)
    screen.print(Group(*pieces))
    assert isinstance(screen.file, io.StringIO)
    return "".join(line.rstrip() + "\n" for line in screen.file.getvalue().rstrip().split("\n"))


def fits(piece: RenderableType, look: Look) -> bool:
    """Whether the piece can be drawn without folding a cell."""
    screen = console(look)
    return Measurement.get(screen, screen.options.update(max_width=UNLIMITED), piece).maximum <= screen.width


def ruled_table(look: Look) -> Table:
    """An empty table with a line under its header and none between columns."""
    return Table(
        box=SIMPLE_HEAD if look.unicode else ASCII_HEAD,
        header_style="bold",
        border_style="dim",
        pad_edge=False,
        show_edge=False,
        padding=(0, 1, 0, 0),
        collapse_padding=True,
    )


def facts_grid(facts: Iterable[tuple[str, str]]) -> Table:
    """Labels on the left, what there is to say folded on the right."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for label, said in facts:
        grid.add_row(Text(label), Text(said))
    return grid


def cells(row: Iterable[str]) -> list[Text]:
    """A row of text with any markup in it inert."""
    return [Text(cell) for cell in row]


def failures_table(failures: Iterable[Failure], look: Look) -> Table:
    """What failed, why, and what to try."""
    table = ruled_table(look)
    for name in ("failed", "why", "hint"):
        table.add_column(name, overflow="fold")
    for each in failures:
        table.add_row(*cells((group_name(each.group), escape(each.error), escape(each.hint))))
    return table
