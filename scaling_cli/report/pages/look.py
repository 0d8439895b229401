"""What the place of output can show."""

from __future__ import annotations

import textwrap

from scaling_cli.record import Record

COLORS = {"red": "\x1b[31m", "yellow": "\x1b[33m"}
RESET = "\x1b[0m"
NARROWEST = 20  # columns: what is narrower is not worth folding for


class Look(Record):
    """Columns to keep within (None where nothing limits them, as in a file), colour, and box drawing."""

    width: int | None = None
    color: bool = False
    unicode: bool = True

    @property
    def is_drawn(self) -> bool:
        """Whether tables are drawn, with rules and folded cells, and not only aligned."""
        return self.width is not None or self.color

    def wrapped(self, text: str, *, indent: int) -> str:
        """Text folded to the width, its later lines indented."""
        if self.width is None:
            return text
        width = max(self.width, NARROWEST)
        return textwrap.fill(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)

    def painted(self, text: str, color: str) -> str:
        """Text in a colour of `COLORS`, where colour is wanted."""
        return f"{COLORS[color]}{text}{RESET}" if self.color else text
