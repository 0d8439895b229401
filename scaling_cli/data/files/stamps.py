"""Whether a file was written to between two looks at it."""

from __future__ import annotations

import os
from typing import TypeAlias

from scaling_cli.data.files.companions import companions

Stamp: TypeAlias = tuple[int, int, int] | None  # inode, size of all parts, and time of the last change

CHANGED = "changed while it was read."


def stamp_of(path: str) -> Stamp:
    """What changes with a log and with what is read with it; None where there is none."""
    try:
        first, *others = (os.stat(each) for each in (path, *companions(path)))
    except OSError:
        return None
    size, time = first.st_size, first.st_mtime_ns
    for other in others:
        size, time = size + other.st_size, max(time, other.st_mtime_ns)
    return first.st_ino, size, time
