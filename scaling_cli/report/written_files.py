"""Files with results: checked before long work, and written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from scaling_cli.errors import DataError, ScalingError, UsageError

ELSEWHERE = "Give a file in a folder that exists and in which you may write."
TEMPORARY = ".scaling-"  # how the names of files begin that are not finished; short, so that any name fits


def check_writable(path: Path) -> None:
    """Check whether `path` can be written.

    Raises:
        UsageError: It cannot.
        DataError: It is on a disk that can only be read.
    """
    try:
        if is_device(path):
            return
        place = path.resolve().parent
        is_possible = not path.is_dir() and place.is_dir()
    except (OSError, RuntimeError) as problem:  # the name is too long, or links lead to themselves
        reason = getattr(problem, "strerror", None) or "its links lead to themselves"
        raise UsageError(f"{_shortened(path)} cannot be written: {reason}.", hint="Give another name.") from None
    if is_possible and os.access(place, os.W_OK):
        return
    if is_possible and os.statvfs(place).f_flag & os.ST_RDONLY:
        raise DataError(f"{path} cannot be written: its disk is read-only.", hint="Write to another disk.")
    raise UsageError(f"{path} cannot be written.", hint=ELSEWHERE)


def _shortened(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 100 else f"{text[:100]}..."


def check_apart(paths: Sequence[Path]) -> None:
    """Refuse to write two results to one file.

    Raises:
        UsageError: Two of the paths lead there.
    """
    seen: set[Path] = set()
    for path in paths:
        place = path.resolve()
        if place in seen and not is_device(path):
            raise UsageError(f"{path} would be written twice.", hint="Give each result its own file.")
        seen.add(place)


def check_not_read(paths: Iterable[Path], read: Iterable[str | int]) -> None:
    """Refuse to write any of `paths` if it is a file that is read, under whatever name, glob, folder, list or link.

    Args:
        paths: What would be written.
        read: The names of files that are read, and the numbers of open ones.

    Raises:
        UsageError: One of them is.
    """
    known: set[tuple[int, int]] = set()
    for name in read:
        with contextlib.suppress(OSError, ValueError):
            status = os.stat(name)
            known.add((status.st_dev, status.st_ino))
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.stat()
            if not is_device(path) and (status.st_dev, status.st_ino) in known:
                raise UsageError(
                    f"{path} is one of the files that are read, and would be overwritten.",
                    hint="Give another file to write to.",
                )


def is_device(path: Path) -> bool:
    """Whether `path` is a device or a pipe, such as /dev/stdout, and not a file or a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write_file(path: Path, content: str | bytes) -> None:
    """Write `path` whole or not at all: readers never see half a file, nor does a crash leave one.

    A link is followed; a device or a pipe is written to directly.

    Raises:
        DataError: The disk is full, or something else keeps it from being written.
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


def unwritable(path: Path, problem: OSError, hint: str = "Make room, or write elsewhere.") -> ScalingError:
    """The error of a file that could be opened but not written."""
    if problem.errno == errno.EROFS:
        hint = "Write to another disk."
    return DataError(f"{path} could not be written: {problem.strerror}.", hint=hint)


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=TEMPORARY)
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
