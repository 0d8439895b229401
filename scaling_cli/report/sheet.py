"""A table as text cells, and the plain ways to write one: aligned columns, Markdown, LaTeX."""

from __future__ import annotations

import re
import unicodedata

from scaling_cli.record import record
from scaling_cli.report.numbers import MISSING

LATEX_SPECIALS = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    # At the start of a row, these would be options of the line break before it.
    "[": "{[}",
    "*": "{*}",
}
NUMBER = r"(?:-?\d+(?:\.\d+)?(?:e-?\d+)?|-)"
NUMERIC = re.compile(rf"{NUMBER}$|\[{NUMBER}, {NUMBER}\]$")
GREEK = frozenset({"alpha", "beta", "gamma", "delta", "kappa", "lambda", "mu", "sigma", "theta"})


@record
class Sheet:
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


def latex(sheet: Sheet) -> str:
    """A booktabs tabular, to stand inside a table environment of the reader's own."""
    if not sheet.rows:
        return ""
    align = "".join("r" if _is_numeric(sheet, i) else "l" for i in range(len(sheet.header)))
    lines = [f"\\begin{{tabular}}{{{align}}}", r"\toprule", _latex_row(sheet.header, None), r"\midrule"]
    lines += [_latex_row(row, sheet.symbols) for row in sheet.rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _is_numeric(sheet: Sheet, column: int) -> bool:
    return bool(sheet.rows) and all(NUMERIC.match(row[column]) for row in sheet.rows)


def _latex_row(cells: tuple[str, ...], symbols: int | None) -> str:
    shown = (_symbol(cell) if i == symbols else _latex_cell(cell) for i, cell in enumerate(cells))
    return " & ".join(shown) + r" \\"


def _symbol(name: str) -> str:
    """A parameter as papers set it, where its name is a letter with at most a letter below."""
    letter, _, index = name.partition("_")
    if (letter not in GREEK and len(letter) != 1) or len(index) > 1:
        return latex_text(name)
    symbol = f"\\{letter}" if letter in GREEK else letter
    return f"${symbol}_{{{latex_text(index)}}}$" if index else f"${symbol}$"


def _latex_cell(text: str) -> str:
    if text == MISSING:
        return "--"
    if NUMERIC.match(text):
        return "$" + re.sub(r"e(-?\d+)", r" \\times 10^{\1}", text) + "$"
    return latex_text(text)


def latex_text(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(LATEX_SPECIALS.get(each, each) for each in text)
