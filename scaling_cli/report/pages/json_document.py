"""JSON: the report as one document."""

from __future__ import annotations

from typing import Any

from scaling_cli.document.write import to_json
from scaling_cli.results.report import Report


def write(report: Report[Any], *_: object, draws: bool, **__: object) -> str:
    """The document, with the replicates of a fit if `draws`."""
    return to_json(report, draws=draws)
