"""A table as text cells, and the plain ways to write one: aligned columns, Markdown, LaTeX."""

from __future__ import annotations

import re
import unicodedata

from scaling_cli.record import Record

NUMBER = r"(?:-?\d+(?:\.\d+)?(?:e-?\d+)?|-)"
NUMERIC = re.compile(rf"{NUMBER}$|\[{NUMBER}, {NUMBER}\]$")


class Sheet(Record):
    """Header and rows of escaped text, equally long; `symbols` is the column that holds parameter names."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    symbols: int


def aligned(sheet: Sheet) -> str:
    """Columns two spaces apart and no lines: easy to grep, and readable without box drawing."""
    if not sheet.rows:
        return ""
    table = (sheet.header, *sheet.rows)
    widths = [max(_cells(row[i]) for row in table) for i in range(len(sheet.header))]
    lines = ("  ".join(_pad(cell, width) for cell, width in zip(row, widths, strict=True)) for row in table)
    return "".join(line.rstrip() + "\n" for line in lines)


def _cells(text: str) -> int:
    """Columns a text takes in a terminal: East Asian wide characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF") for each in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _cells(text))


def markdown(sheet: Sheet) -> str:
    """A GitHub table."""
    lines = [_markdown_row(sheet.header), "| " + " | ".join("---" for _ in sheet.header) + " |"]
    lines += [_markdown_row(row) for row in sheet.rows]
    return "\n".join(lines) + "\n"


def _markdown_row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(markdown_text(cell) for cell in cells) + " |"


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    # A bracket only means something in a link, which needs `](`; intervals stay as they are.
    escaped = re.sub(r"([\\`*_|~]|\](?=[(\[:]))", r"\\\1", text)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
