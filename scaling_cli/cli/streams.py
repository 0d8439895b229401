"""Output that cannot be written: a full disk is an error of one line, a pipe closed by its reader is no error."""

from __future__ import annotations

import errno
import os
import sys

from scaling_cli.errors import UsageError

TYPE_CHECKING = False  # that of `typing`, whose import takes a seventh of `--version`
if TYPE_CHECKING:
    from typing import TextIO

# The disk, the quota or the largest file is reached, the device is gone, or what is written to is only for reading.
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENXIO, errno.EBADF})


def open_missing() -> None:
    """Open /dev/null for a stream that the caller closed, before another file gets its descriptor."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def unwritten(error: OSError) -> int:
    """The exit code of a command that could not write because of `error`, which is printed on stderr unless it is 0.

    Raises:
        OSError: It is of another kind.
    """
    if not isinstance(error, BrokenPipeError) and error.errno not in UNWRITABLE:
        raise error
    _silence(sys.stdout)  # Python would complain while it closes it
    if isinstance(error, BrokenPipeError):
        return 0  # whoever read the output has had enough
    place = f" to {error.filename}" if error.filename else ""
    tell(f"error: The output could not be written{place}: {error.strerror}.\nhint: Make room, or write elsewhere.\n")
    return UsageError.exit_code


def tell(text: str) -> None:
    """Write to stderr, if that can be written."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
