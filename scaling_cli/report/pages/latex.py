"""LaTeX: tables to paste into a paper, and everything else as comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from scaling_cli.numbers.format import MISSING
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.notes import caveat_lines
from scaling_cli.report.pages.page import Page, View, answers, joined
from scaling_cli.report.pages.sheet import Column, Sheet
from scaling_cli.results.report import Report

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
NUMERIC = rf"{NUMBER}$|\[{NUMBER}, {NUMBER}\]$"
GREEK = frozenset({"alpha", "beta", "gamma", "delta", "kappa", "lambda", "mu", "sigma", "theta"})


def write(report: Report[Any], view: View, **_: object) -> str:
    """The tables of the report's pages."""
    # A blank line would end a paragraph wherever the text is put.
    said = "".join(f"% {line}\n" for line in [*answers(report), *caveat_lines(report.caveats, Look()).splitlines()])
    return joined([said, *(block for page in view.pages(report) for block in _blocks(page.whole))], between="%\n")


def _blocks(page: Page) -> Iterable[str]:
    yield "".join(f"% {label}: {sentence}\n" for label, sentence in page.facts)
    yield from (f"% {section.title}\n" * bool(section.title) + latex(section.sheet) for section in page.sections)
    yield "".join(f"% {sentence}\n" for sentence in page.sentences)


def latex(sheet: Sheet) -> str:
    """A booktabs tabular, without a table environment around it."""
    if not sheet.rows:
        return ""
    align = "".join("r" if column.is_numeric else "l" for column in sheet.columns)
    lines = [f"\\begin{{tabular}}{{{align}}}", r"\toprule", _line(map(_latex_cell, sheet.header)), r"\midrule"]
    lines += [_line(map(_shown, sheet.columns, row)) for row in sheet.rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _line(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _shown(column: Column, cell: str) -> str:
    return _symbol(cell) if column.kind == "symbol" else _latex_cell(cell)


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
    if re.match(NUMERIC, text):
        return "$" + re.sub(r"e(-?\d+)", r" \\times 10^{\1}", text) + "$"
    return latex_text(text)


def latex_text(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(LATEX_SPECIALS.get(character, character) for character in text)
