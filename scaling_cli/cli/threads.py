"""One thread of polars for many small files, since starting others takes longer than what they do there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

VARIABLE = "POLARS_MAX_THREADS"
SMALL = 2**18  # mean bytes per file


def spare_threads(names: Sequence[str]) -> None:
    """Let polars start one thread, if all these are files or folders of small files; call it before polars is imported.

    The environment decides where it sets the number of threads. Globs, lists and pipes are not looked into.
    """
    if VARIABLE in os.environ or not all(map(_is_plain, names)):
        return
    sizes: list[int] = []
    with contextlib.suppress(OSError):  # which reading explains
        sizes = [size for name in names for size in _sizes(name)]
    if sizes and sum(sizes) < SMALL * len(sizes):
        os.environ[VARIABLE] = "1"


def _is_plain(name: str) -> bool:
    return os.path.isfile(name) or os.path.isdir(name)


def _sizes(name: str) -> Iterator[int]:
    """The bytes of a file, or of each file of a folder."""
    if os.path.isfile(name):
        yield os.path.getsize(name)
        return
    with os.scandir(name) as entries:
        yield from (entry.stat().st_size for entry in entries if entry.is_file())
