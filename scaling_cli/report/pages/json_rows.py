"""JSON lines of the rows of a report: one object per row, with the names of the columns of its CSV."""

from __future__ import annotations

import json
from typing import Any

from scaling_cli.document.write import plain
from scaling_cli.report.pages.page import View
from scaling_cli.results.report import Report


def write(report: Report[Any], view: View) -> str:
    """The view's records; what is unknown is null."""
    header, *rows = view.records(report)
    return "".join(json.dumps(plain(dict(zip(header, row, strict=True))), allow_nan=False) + "\n" for row in rows)
