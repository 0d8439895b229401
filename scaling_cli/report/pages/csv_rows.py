"""CSV: the rows of a report at full precision, for data frames."""

from __future__ import annotations

import csv
import io
from typing import Any

from scaling_cli.report.pages.page import View
from scaling_cli.results.report import Report


def write(report: Report[Any], view: View, **_: object) -> str:
    """The view's records, the header first."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(view.records(report))
    return text.getvalue()
