"""Where JSON lines go while they are found: each answer whole, and never two commands in one file."""

from __future__ import annotations

import contextlib
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from scaling_cli.cli.streams import UNWRITABLE
from scaling_cli.errors import UsageError
from scaling_cli.report.written_files import is_device, unwritable
from scaling_cli.verbs.each_file import Kept

AGAIN = "Make room, and add --resume to keep what was written."
READABLE = 60  # characters of a name that the name of its unfinished successor repeats


@contextlib.contextmanager
def open_sink(path: str | None, kept: dict[str, Kept]) -> Iterator[tuple[TextIO, list[Kept]]]:
    """Where lines go, and the kept answers that are still to be written.

    An interrupted run that had kept answers loses none: those not reached yet follow what was written, and the new file
    takes the place of the old one only then. Where the disk is full, the old file stays, or else the whole lines.

    Raises:
        UsageError: Another command writes to the file.
        DataError: The disk is full, or something else keeps it from being written.
    """
    if path is None:
        yield sys.stdout, []
        return
    left = list(kept.values())
    target = Path(path) if is_device(Path(path)) else Path(path).resolve()
    try:
        with _locked(target):
            place = _successor(target) if kept else target
            try:
                with _opened(place, is_new=bool(kept)) as stream:
                    try:
                        yield stream, left
                    finally:
                        for answer in left:
                            stream.write("".join(line + "\n" for line in answer.lines))
            except OSError:
                place.unlink(missing_ok=True) if kept else _cut(target)
                raise
            finally:
                if kept and place.exists():
                    os.replace(place, target)
    except OSError as problem:
        if problem.errno not in UNWRITABLE:
            raise
        raise unwritable(Path(path), problem, hint=AGAIN) from problem


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold a file against other commands, without changing what is in it."""
    try:
        import fcntl
    except ImportError:  # a system without such locks
        yield
        return
    if is_device(target):
        yield
        return
    handle = os.open(target, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"Another command is writing to {target}.", hint="Wait until it ends, or write to another file."
            ) from None
        yield
    finally:
        os.close(handle)


def _successor(target: Path) -> Path:
    """The name of the file that takes the place of `target`; what an earlier run left there goes."""
    name = f".{target.name[:READABLE]}.{zlib.crc32(os.fsencode(target.name)):08x}.resumed"
    place = target.with_name(name)
    place.unlink(missing_ok=True)
    return place


def _opened(place: Path, *, is_new: bool) -> TextIO:
    """The file to write to; where it is new, a link that someone put there is not followed."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL | os.O_NOFOLLOW if is_new else os.O_TRUNC)
    return open(os.open(place, flags, 0o666), "w", encoding="utf-8", newline="")


def _cut(path: Path) -> None:
    """Drop a last line that is not whole."""
    if not is_device(path):
        whole, end, _ = path.read_bytes().rpartition(b"\n")
        os.truncate(path, len(whole + end))
