"""Ctrl-C and SIGTERM: the command cleans up, says so in one line, and ends with 128 plus the signal's number."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any

from scaling_cli.cli.streams import tell
from scaling_cli.data.quiet import loud

WORDS = {signal.SIGINT: "Interrupted", signal.SIGTERM: "Terminated"}
SHELL = 128  # what shells add to the number of a signal

_received: list[int] = []


def listen() -> None:
    """Turn both signals into `KeyboardInterrupt`, so that whatever is open is closed and removed."""
    for number in WORDS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` and background jobs have it
            signal.signal(number, _stop)
    sys.unraisablehook = _unraisable


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    if len(_received) > 1:  # cleaning up takes too long for someone
        os._exit(SHELL + number)
    raise KeyboardInterrupt


def _unraisable(found: Any) -> None:
    """A signal may arrive where Python cannot raise, such as in a destructor; then the command ends here."""
    if isinstance(found.exc_value, KeyboardInterrupt):
        os._exit(ended())
    sys.__unraisablehook__(found)


def was_stopped() -> bool:
    """Whether a signal came, also if someone else's code made another error of it."""
    return bool(_received)


def ended() -> int:
    """Say which signal ended the command, and give the exit code."""
    number = _received[0] if _received else int(signal.SIGINT)
    loud()
    tell(f"error: {WORDS[signal.Signals(number)]}.\n")
    return SHELL + number
