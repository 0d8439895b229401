"""Documents that this tool wrote: results, which are no runs, although they hold losses and params."""

from __future__ import annotations

from pathlib import Path

HEAD_BYTES = 400  # the schema is the first key


def is_document(path: str | Path, command: str = "") -> bool:
    """Whether a file is a document of this tool (of a command, if one is given), judged by its first bytes."""
    try:
        with Path(path).open("rb") as file:
            return begins_document(file.read(HEAD_BYTES), command)
    except OSError:
        return False


def begins_document(head: bytes, command: str = "") -> bool:
    """Whether these first bytes of a file are those of a document of this tool and not of runs in JSON."""
    head = head.lstrip()[:HEAD_BYTES]
    return head.startswith(b"{") and f'"scaling.{command}'.encode() in head.partition(b'"schema"')[2][:40]
