"""Settings of the process that make fits fast: one thread for BLAS, and memory that is used again.

More threads of BLAS on the small matrices here take up to 10x as long. And by default glibc returns an array of some
hundred kilobytes to the system when it is freed, and asks for the next one page by page; the solver makes a dozen such
arrays a step, and this took a quarter of its time.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from functools import cache

VARIABLE = "OPENBLAS_NUM_THREADS"
TRIM, MAP = -1, -3  # names of the limits in malloc.h: M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
KEPT = 1 << 26  # bytes of freed memory that the process keeps at most
MAPPED = 1 << 24  # bytes from which an array is still returned to the system


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread within the context; does nothing if the environment already sets this limit."""
    if os.environ.get(VARIABLE) == "1":
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


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
