"""Width, colour and characters that the terminal or file supports."""

from __future__ import annotations

import textwrap

from scaling_cli.record import Record

COLORS = {"red": "\x1b[31m", "yellow": "\x1b[33m"}
RESET = "\x1b[0m"
NARROWEST = 20  # columns: text is never folded to less


class Look(Record):
    """The width in columns (None for a file or pipe, which has no limit), colour, and box-drawing characters.

    `is_detailed` asks for everything; without it, a terminal shows what matters on one screen. Pages have the `title`,
    and the `command` line that made them; Markdown shows the `picture`, a file beside it.
    """

    width: int | None = None
    color: bool = False
    unicode: bool = True
    is_detailed: bool = False
    title: str = ""
    command: str = ""
    picture: str = ""

    @property
    def is_drawn(self) -> bool:
        """Whether tables get rules and folded cells; otherwise plain columns will do."""
        return self.width is not None or self.color

    def wrapped(self, text: str, *, indent: int) -> str:
        """Text folded to the width, with all lines but the first indented."""
        if self.width is None:
            return text
        width = max(self.width, NARROWEST)
        return textwrap.fill(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)

    def painted(self, text: str, color: str) -> str:
        """Text in a colour of `COLORS`, if the output has colour."""
        return f"{COLORS[color]}{text}{RESET}" if self.color else text
