"""Tables as LaTeX."""

from __future__ import annotations

import re

from scaling_cli.numbers.format import MISSING
from scaling_cli.report.pages.sheet import NUMERIC, Sheet

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


GREEK = frozenset({"alpha", "beta", "gamma", "delta", "kappa", "lambda", "mu", "sigma", "theta"})


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
