"""Tables that are written for people: Markdown, columns aligned with blanks, and CSV below a title or comments.

Also CSV whose lines end in a carriage return alone, as old spreadsheets write it. Blanks around cells mean nothing.
Such tables are small, so they are read whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import takewhile

import polars as pl

from scaling_cli.data.files.csv_rows import csv_rows
from scaling_cli.data.files.format import BOM, HEAD, Format, Row, line_blocks, scan_rows
from scaling_cli.data.files.text_logs import LINES, NUMBER, SEPARATORS
from scaling_cli.data.names import shortened
from scaling_cli.errors import DataError

RULE = r"\s*\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*"  # below the header of a Markdown table
COMMENT = ("#", "//", "sep=")
TITLES = 20  # lines above the header of a table, at most

Cells = list[list[str]]


def _markdown(lines: Sequence[str]) -> Cells:
    """The first Markdown table: its header and its rows, without the rule between them."""
    for place, line in enumerate(lines[1:], start=1):
        if "|" in line and "|" in lines[place - 1] and re.fullmatch(RULE, line):
            rows = [lines[place - 1], *takewhile(lambda row: "|" in row, lines[place + 1 :])]
            return [re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|")) for row in rows]
    return []


def _aligned(lines: Sequence[str]) -> Cells:
    """Lines of words, equally many in each, and with numbers below the header."""
    if lines and _separator(lines[0]):
        return []
    rows = [line.split() for line in lines if line.strip()]
    if len(rows) < 2 or any(mark in rows[0][0] for mark in "<#{["):
        return []
    is_table = len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows[: LINES + 1])
    has_names = not _numbers(rows[0]) and len({*rows[0]}) == len(rows[0])
    return rows if is_table and has_names and all(map(_numbers, rows[1 : LINES + 1])) else []


def _titled(lines: Sequence[str]) -> Cells:
    """CSV below lines with at most one cell, or below comments."""
    for place, line in enumerate(lines[: TITLES + 1]):
        separator = _separator(line)
        if _is_title(line) and not (separator and separator != ","):
            continue
        if place == 0 or not separator:
            return []
        rows = list(csv_rows([row for row in lines[place:] if row.strip()], separator, skip_blanks=True))
        return rows if len(rows) > 1 and not _numbers(rows[0]) and all(map(_numbers, rows[1 : LINES + 1])) else []
    return []


def _is_title(line: str) -> bool:
    return not line.strip() or line.startswith(COMMENT) or len([cell for cell in line.split(",") if cell.strip()]) < 2


def _numbers(cells: Sequence[str]) -> int:
    return sum(re.fullmatch(NUMBER, cell.strip()) is not None for cell in cells)


def _old_mac(lines: Sequence[str]) -> Cells:
    separator = _separator(lines[0])
    return list(csv_rows([line for line in lines if line.strip()], separator)) if separator else []


def _separator(line: str) -> str:
    best = max(SEPARATORS, key=line.count)
    return best if best in line else ""


def _reader(text: bytes) -> Callable[[Sequence[str]], Cells] | None:
    """How to read a table by its first lines, or None if it is none of these."""
    if b"\0" in text or text.lstrip().startswith((b"{", b"[", b"<")):
        return None
    start = text.removeprefix(BOM).decode(errors="replace")
    header = start[: start.find("\n") + 1].splitlines()
    if len(header) == 1 and "," in header[0] and "|" not in start and not _is_title(header[0]):
        return None  # a CSV, of which there may be thousands
    lines = start.splitlines()[: LINES + TITLES]
    if len(text) >= HEAD:
        lines = lines[:-1]
    if len(lines) < 2:
        return None
    if _markdown(lines):
        return _markdown
    if b"\r" in text and b"\n" not in text:
        return _old_mac
    return next((read for read in (_aligned, _titled) if read(lines)), None)


def read_table(path: str, head: bytes) -> Sequence[Row]:
    """The rows of the table, with the blanks around names and cells removed.

    Raises:
        DataError: A row has another number of cells than the header.
    """
    read = _reader(head)
    text = b"".join(line_blocks(path)).removeprefix(BOM).decode(errors="replace")
    cells = read(text.splitlines()) if read is not None else []
    if not cells:
        raise DataError(
            f"{path} is not a table with equally many cells in each line.",
            hint="Write a CSV: a line with the names of the columns, and then one line for each row.",
        )
    names = [name.strip() for name in cells[0]]
    if odd := next((row for row in cells if len(row) != len(names)), None):
        raise DataError(
            f"{path} has a line with {len(odd)} cells, but {len(names)} columns: {shortened(' '.join(odd))!r}.",
            hint="Correct the line, or remove what does not belong to the table.",
        )
    return [{name: cell.strip() for name, cell in zip(names, row, strict=False) if name} for row in cells[1:]]


def _layout(path: str, head: bytes) -> str:
    read_table(path, head)
    return head.decode("latin-1")


def _scan(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    return scan_rows(paths, partial(read_table, head=layout.encode("latin-1")))


TEXT_TABLE = Format(lambda head: _reader(head) is not None, _layout, _scan)
