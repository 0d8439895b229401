"""Lets freed memory of medium-sized arrays be used again at once.

By default glibc returns an array of some hundred kilobytes to the system when it is freed, and asks for the next one
page by page. The solver makes a dozen such arrays a step, and this took a quarter of its time.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

TRIM, MAP = -1, -3  # names of the limits in malloc.h: M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
KEPT = 1 << 26  # bytes of freed memory that the process keeps at most
MAPPED = 1 << 24  # bytes from which an array is still returned to the system


@cache
def reuse_memory() -> None:
    """Set the limits once a process; does nothing without glibc, or where the environment sets them."""
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    try:
        set_limit = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no glibc: musl, macOS, Windows
        return
    set_limit(TRIM, KEPT)
    set_limit(MAP, MAPPED)
