"""Output that cannot be written: a full disk is an error of one line, a pipe closed by its reader is no error."""

from __future__ import annotations

import errno
import os
import sys

from scaling_cli.errors import DataError

TYPE_CHECKING = False  # that of `typing`, whose import takes a seventh of `--version`
if TYPE_CHECKING:
    from typing import TextIO

# The disk, the quota or the largest file is reached, the device is gone, or what is written to is only for reading.
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENXIO, errno.EBADF, errno.EROFS})


def open_missing() -> None:
    """Open /dev/null for a stream that the caller closed, before another file gets its descriptor."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def unwritten(error: OSError) -> int:
    """The exit code of a command that the system kept from working; the error is printed unless the code is 0."""
    if not isinstance(error, BrokenPipeError) and error.errno not in UNWRITABLE:
        place = f" for {error.filename}" if error.filename else ""
        hint = "Check the limits of your account (ulimit -a) and the permissions of the files."
        tell(f"error: The system refused{place}: {error.strerror or error}.\nhint: {hint}\n")
        return DataError.exit_code
    _silence(sys.stdout)  # Python would complain while it closes it
    if isinstance(error, BrokenPipeError):
        return 0  # whoever read the output has had enough
    place = f" to {error.filename}" if error.filename else ""
    tell(f"error: The output could not be written{place}: {error.strerror}.\nhint: Make room, or write elsewhere.\n")
    return DataError.exit_code


def tell(text: str) -> None:
    """Write to stderr, if that can be written."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
