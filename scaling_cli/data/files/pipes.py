"""Standard input and pipes, copied to temporary files: they can be read only once, and rows are read more often."""

from __future__ import annotations

import os
import select
import shutil
import stat
import sys
import tempfile
import time
import weakref
from pathlib import Path
from typing import BinaryIO, TextIO

from scaling_cli.errors import DataError

STDIN = "-"
STDIN_PATHS = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
PATIENCE, PAUSE = 5.0, 0.02  # seconds to wait for a program that writes to a pipe, and between two looks


class StreamCopy:
    """A stream in a temporary file, removed with the last reference to it."""

    def __init__(self, stream: BinaryIO, first: bytes = b"") -> None:
        handle, self.path = tempfile.mkstemp(prefix="scaling-stdin-")
        weakref.finalize(self, Path(self.path).unlink, missing_ok=True)
        with os.fdopen(handle, "wb") as file:
            file.write(first)
            shutil.copyfileobj(stream, file)


# One copy per stream: a stream can be read only once, and some commands read their runs twice.
_STDIN_COPIES: weakref.WeakKeyDictionary[TextIO, StreamCopy] = weakref.WeakKeyDictionary()
_PIPE_COPIES: dict[str, StreamCopy] = {}


def stdin_copy() -> StreamCopy:
    """What is on standard input.

    Raises:
        DataError: It is closed, or there is no room for it.
    """
    if sys.stdin is None:
        raise DataError("Standard input is closed.", hint="Name the files, or write COMMAND | scaling ... -")
    if sys.stdin not in _STDIN_COPIES:
        try:
            _STDIN_COPIES[sys.stdin] = StreamCopy(sys.stdin.buffer)
        except OSError as error:
            raise DataError(
                f"Standard input could not be copied to a temporary file: {error.strerror}.",
                hint="Make room, set TMPDIR to a folder with more, or name the files.",
            ) from None
    return _STDIN_COPIES[sys.stdin]


def copy_of(path: str) -> StreamCopy | None:
    """What comes out of standard input or of a pipe at `path`; None where there is a file or nothing."""
    if path == STDIN or (path in STDIN_PATHS and os.path.exists(path)):
        return stdin_copy()
    if not is_pipe(path):
        return None
    if path not in _PIPE_COPIES:
        _PIPE_COPIES[path] = _copy_of_pipe(path)
    return _PIPE_COPIES[path]


def is_pipe(path: str) -> bool:
    """Whether there is a pipe at `path`, which can be read only once."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _copy_of_pipe(path: str) -> StreamCopy:
    """What a program writes to a pipe.

    Raises:
        DataError: It cannot be opened, or no program has opened it for writing after `PATIENCE`.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise DataError(f"{path} cannot be opened: {error.strerror}.", hint="Name a file, or a pipe.") from None
    with os.fdopen(handle, "rb") as stream:
        first = _first_byte(path, handle)
        os.set_blocking(handle, True)
        return StreamCopy(stream, first)


def _first_byte(path: str, handle: int) -> bytes:
    """The first byte of a pipe, or nothing where its writer has written none yet."""
    end = time.monotonic() + PATIENCE
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    while True:
        had_writer = bool(poll.poll(0))
        try:
            first = os.read(handle, 1)
        except BlockingIOError:  # a program has opened it
            return b""
        if first or had_writer:
            return first
        if time.monotonic() > end:
            raise DataError(
                f"{path} is a pipe, and no program writes to it.",
                hint=f"Start the program that writes to it; after {PATIENCE:g} seconds there was none.",
            )
        time.sleep(PAUSE)
