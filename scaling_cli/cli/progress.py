"""A progress bar on stderr for long work."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaling_cli.cli import terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from scaling_cli.jobs import Progress
    from scaling_cli.options.output import Output


PROGRESS_DELAY = 1.0  # seconds of work before a progress bar appears


@contextlib.contextmanager
def progress(output: Output, label: str) -> Iterator[Progress | None]:
    """A progress bar on stderr for work that takes longer than a second, where someone is looking."""
    if not label or output.quiet or not terminal.is_terminal(sys.stderr):
        yield None
        return
    bar = _Bar(label)
    try:
        yield bar.update
    finally:
        bar.close()


class _Bar:
    """A rich progress bar that appears only once the work has proved long."""

    def __init__(self, label: str) -> None:
        self._label, self._started = label, time.monotonic()
        self._shown: Bars | None = None

    def update(self, done: int, total: int) -> None:
        """Show `done` of `total`."""
        if self._shown is None and time.monotonic() - self._started > PROGRESS_DELAY:
            self._open(total)
        if self._shown is not None:
            self._shown.update(self._task, completed=done, total=total)

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bars

        self._shown = Bars(console=Console(stderr=True), transient=True)
        self._task = self._shown.add_task(self._label, total=total)
        self._shown.start()

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._shown is not None:
            self._shown.stop()
