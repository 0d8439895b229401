"""Run the real command."""

from __future__ import annotations

import atexit
import functools
import subprocess
import sys
from pathlib import Path

from tests.robust.zygote import Zygote, clean_environment

# Variables with such names are read while Python starts or a library is imported.
START_UP = ("LANG", "LC_", "MALLOC_", "OPENBLAS_", "POLARS_", "PYTHON")


def run(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """`scaling ARGUMENTS` with nothing of the caller's terminal; output and exit code, as text.

    The command has a process, a folder and streams of its own, but is forked from a process that has imported
    everything, which saves a third of a second. `run_from_scratch` starts Python for it.
    """
    if any(name.startswith(START_UP) for name in environment):
        return run_from_scratch(*arguments, cwd=cwd, **environment)
    words = list(map(str, arguments))
    ended = _zygote().run(words, cwd or Path.cwd(), environment, is_limited=False)
    out, err = (_text(written) for written in (ended.out, ended.err))
    return subprocess.CompletedProcess(words, ended.code, out, err)


def run_from_scratch(
    *arguments: object, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The same in a new Python, whose sets have an order of their own: for what starts, and for the same bytes."""
    return subprocess.run(
        [sys.executable, "-m", "scaling_cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=clean_environment() | environment,
        stdin=subprocess.DEVNULL,
    )


@functools.cache
def _zygote() -> Zygote:
    started = Zygote()
    atexit.register(started.close)
    return started


def _text(written: bytes) -> str:
    return written.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")  # as text of a process is read
