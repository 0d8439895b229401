"""The files that a command is going to read, so that it writes none of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from scaling_cli.data.files.companions import SETTINGS, companions
from scaling_cli.data.files.expand import LIST_MARK, expand
from scaling_cli.data.files.pipes import STDIN
from scaling_cli.data.files.saved import is_document
from scaling_cli.errors import ScalingError

STDIN_NUMBER = 0


def files_read(
    arguments: Sequence[str], suffixes: Sequence[str], *, takes_results: bool = False, takes_empty: bool = True
) -> list[str | int]:
    """The names of files that stand on the command line, in folders, globs and lists, and the number of stdin.

    With `takes_results`, forecasts in folders are among them, as `score` reads them. Without `takes_empty`, empty
    files are not, which `--per-file` takes for its own results.
    """
    named: list[str | int] = [STDIN_NUMBER, *arguments]
    named += [name.removeprefix(LIST_MARK) for name in arguments if name.startswith(LIST_MARK)]
    if takes_results:
        found = (path for name in arguments for path in Path(name).glob("*.json"))
        named += [str(path) for path in found if is_document(path, "extrapolate")]
    return named + [
        name for argument in arguments for name in _found(argument, suffixes) if takes_empty or not is_result(name)
    ]


def _found(argument: str, suffixes: Sequence[str]) -> Iterator[str]:
    """The files that an argument stands for, and those that are read beside them."""
    folders = set()
    with contextlib.suppress(ScalingError, OSError):  # which the command itself explains
        for file in expand([argument], reads_stdin=False, suffixes=suffixes):
            if file.name != STDIN:
                yield from (file.path, *companions(file.path))
            folders.add(os.path.dirname(file.path))
    yield from (os.path.join(folder, name) for folder in sorted(folders) for name in SETTINGS)


def is_result(name: str) -> bool:
    """Whether a file is an earlier result, or is empty, as one that was interrupted may be."""
    return is_document(Path(name)) or (os.path.isfile(name) and os.path.getsize(name) == 0)
