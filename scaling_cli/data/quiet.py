"""Keep off stderr what Rust writes there while it panics; the error that follows says what is wrong."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

STDERR, PANIC = 2, "panicked at"

_kept: list[int] = []  # the true stderr, while something else has its number


@contextlib.contextmanager
def quiet_panics() -> Iterator[None]:
    """Hold back what is written to stderr, and drop it if it is of a panic."""
    if _kept:
        yield
        return
    try:
        written = _scratch()
        _kept.append(os.dup(STDERR))
    except OSError:  # stderr is closed, or there is no room for a file
        yield
        return
    with written:
        os.dup2(written.fileno(), STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            loud()
            written.seek(0)
            text = written.read().decode(errors="replace")
            if text and PANIC not in text:
                sys.stderr.write(text)


def loud() -> None:
    """Let stderr be heard again, also if a signal came while it was put back."""
    while _kept:
        os.dup2(_kept[-1], STDERR)
        os.close(_kept.pop())


def _scratch() -> IO[bytes]:
    """A file without a name, in memory where the system has such."""
    return os.fdopen(os.memfd_create("stderr"), "w+b") if hasattr(os, "memfd_create") else tempfile.TemporaryFile()
