"""CSV: the rows of a report at full precision, for data frames.

A spreadsheet takes text that begins with `=`, `+`, `-` or `@` for a formula, and runs it. Such names come from files
and options, so an apostrophe is put before them, which spreadsheets read as "this is text".
"""

from __future__ import annotations

import csv
import io
from typing import Any

from scaling_cli.numbers.format import escape
from scaling_cli.report.pages.page import View
from scaling_cli.results.report import Report

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # also as wide characters, which some convert


def write(report: Report[Any], view: View, **_: object) -> str:
    """The view's records, the header first."""
    text = io.StringIO()
    rows = ([_inert(cell) for cell in row] for row in view.records(report))
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _inert(cell: Any) -> Any:
    """The cell without what does not print, and with an apostrophe before text that a spreadsheet would run."""
    if not isinstance(cell, str):
        return cell
    cell = escape(cell)
    if not cell.lstrip().startswith(FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell  # text such as -1 is a number everywhere
