"""One BLAS thread while fitting: more of them on the engine's tiny matrices cost up to 10x."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

VARIABLE = "OPENBLAS_NUM_THREADS"


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Cap the threads of a numpy that is already loaded; nothing to do where the environment did it before."""
    if os.environ.get(VARIABLE) == "1":
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
