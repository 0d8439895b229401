"""Limits BLAS to one thread while fitting, since more threads on the small matrices here take up to 10x as long."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

VARIABLE = "OPENBLAS_NUM_THREADS"


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread within the context; does nothing if the environment already sets this limit."""
    if os.environ.get(VARIABLE) == "1":
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
