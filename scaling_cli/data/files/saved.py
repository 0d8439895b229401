"""Results that this tool wrote, which are no runs, although they hold losses and params."""

from __future__ import annotations

import os
from pathlib import Path

HEAD_BYTES = 1000  # the schema is the first key of a document, and a table begins with its columns
# Columns of which all are in tables of fits, scores, forecasts or best splits; those of plans may be filled in as runs.
TABLES = (
    {"law", "runs", "points", "parameter", "estimate", "low", "high", "level", "method"},
    {"predicted", "low", "high", "observed", "error_log", "inside", "running_coverage"},
    {"loss", "loss_low", "loss_high", "prediction_low", "prediction_high", "level"},
    {"loss", "loss_low", "loss_high", "tokens_per_param_low", "tokens_per_param_high", "level"},
)
INTERVAL = b"low"  # in the header of each of these tables


def is_document(path: str | Path, command: str = "") -> bool:
    """Whether a file is a document of this tool (of a command, if one is given), judged by its first bytes."""
    return _begins_document(head_of(path), command)


def is_saved(path: str | Path) -> bool:
    """Whether a file is a document of this tool, or one of its tables."""
    return begins_saved(head_of(path))


def begins_saved(head: bytes) -> bool:
    """Whether these first bytes of a file are those of a document of this tool or of one of its tables."""
    if _begins_document(head):
        return True
    header = head.partition(b"\n")[0]
    if INTERVAL not in header:
        return False
    columns = {name.strip() for name in header.decode(errors="replace").split(",")}
    return any(table <= columns for table in TABLES)


def head_of(path: str | Path) -> bytes:
    """The first bytes of a file; nothing of what is no file, such as a pipe, whose bytes can be read only once."""
    if not os.path.isfile(path):
        return b""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def _begins_document(head: bytes, command: str = "") -> bool:
    head = head.lstrip()
    return head.startswith(b"{") and f'"scaling.{command}'.encode() in head.partition(b'"schema"')[2][:40]
