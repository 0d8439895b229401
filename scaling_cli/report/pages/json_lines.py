"""JSON lines: a document for each result and each failure, without replicates."""

from __future__ import annotations

from typing import Any

from scaling_cli.document.write import to_json_lines
from scaling_cli.results.report import Report


def write(report: Report[Any], *_: object, **__: object) -> str:
    """One document on each line."""
    return "".join(line + "\n" for line in to_json_lines(report))
