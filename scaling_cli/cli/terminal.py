"""What the terminal can show: width, colour, and text that cannot harm it."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from typing import TextIO

PIPED_WIDTH = 10_000  # nothing is cut where no one looks at columns
FALLBACK_WIDTH = 80


def escape(text: str) -> str:
    r"""`text` with control characters written out (`\x1b`): names from files must not steer the terminal."""
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character != "\n"
        else character
        for character in text
    )


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at `stream`."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns to fill: those of the terminal, or no limit where stdout is a pipe or a file."""
    if not sys.stdout.isatty():
        return PIPED_WIDTH
    return shutil.get_terminal_size((FALLBACK_WIDTH, 24)).columns


def wants_color(choice: str, stream: TextIO) -> bool:
    """Whether to colour `stream`, by `--color` first, then NO_COLOR and FORCE_COLOR, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream)
