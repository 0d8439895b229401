"""What the terminal can show: width, colour and characters."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

FALLBACK_WIDTH = 80


def is_terminal(stream: TextIO) -> bool:
    """Whether `stream` is a terminal."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int | None:
    """Columns to fill: those of the terminal, or None, no limit, where stdout is a pipe or a file."""
    if not sys.stdout.isatty():
        return None
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


def speaks_unicode(stream: TextIO) -> bool:
    """Whether `stream` can carry the characters of tables and plots."""
    try:
        "─●⠤".encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
