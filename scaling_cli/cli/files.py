"""Files that a command writes: checked before long work, and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from scaling_cli.errors import UsageError


def check_writable(path: Path, inputs: Sequence[str]) -> None:
    """Refuse a `path` that cannot be written, or that is one of the `inputs`.

    Raises:
        UsageError: It is such a path.
    """
    if any(os.path.exists(name) and path.exists() and path.samefile(name) for name in inputs):
        raise UsageError(f"{path} is an input, and would be overwritten.", hint="Give another file to write to.")
    if is_device(path):
        return
    place = path.resolve().parent
    if path.is_dir() or not place.is_dir() or not os.access(place, os.W_OK):
        raise UsageError(
            f"{path} cannot be written.", hint="Give a file in a folder that exists and in which you may write."
        )


def check_not_read(paths: Iterable[Path], read: Iterable[str]) -> None:
    """Refuse to write any of `paths` if it is a file that was read, under whatever name, glob, folder, list or link.

    Raises:
        UsageError: One of them is.
    """
    known: set[tuple[int, int]] = set()
    for name in read:
        with contextlib.suppress(OSError):
            status = os.stat(name)
            known.add((status.st_dev, status.st_ino))
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.stat()
            if not is_device(path) and (status.st_dev, status.st_ino) in known:
                raise UsageError(
                    f"{path} is one of the files that were read, and would be overwritten.",
                    hint="Give another file to write to.",
                )


def is_device(path: Path) -> bool:
    """Whether `path` is a device or a pipe, such as /dev/stdout, and not a file or a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write_file(path: Path, content: str | bytes) -> None:
    """Write `path` whole or not at all: readers never see half a file, nor does a crash leave one.

    A link is followed; a device or a pipe is written to directly.

    Raises:
        UsageError: The disk is full, or something else keeps it from being written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if is_device(path):
            path.write_bytes(data)
        else:
            _replace(path.resolve(), data)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise unwritable(path, problem) from problem


def unwritable(path: Path, problem: OSError, hint: str = "Make room, or write elsewhere.") -> UsageError:
    """The error of a file that could be opened but not written."""
    return UsageError(f"{path} could not be written: {problem.strerror}.", hint=hint)


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # A temporary file is private; the result should have the rights of any new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
