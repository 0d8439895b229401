"""Whether a file was written to between two looks at it."""

from __future__ import annotations

import os
from typing import TypeAlias

Stamp: TypeAlias = tuple[int, int, int] | None  # inode, size, and time of the last change

CHANGED = "changed while it was read."


def stamp_of(path: str) -> Stamp:
    """What changes with a file; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
