"""`scaling show` as a function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scaling_cli.document.saved import read_report
from scaling_cli.errors import UsageError
from scaling_cli.options.commands import LIBRARY
from scaling_cli.options.option import Options
from scaling_cli.record import Record
from scaling_cli.results.report import Report
from scaling_cli.verbs.schema import result_of


def show(result: str, asked: Options) -> Report[Any]:
    """The report that a command saved as JSON or JSON lines.

    Raises:
        UsageError: It is of a command that this version does not have.
        DataError: The file cannot be read, or is not what a command wrote.
    """
    return read_report(Path(result), _class_of)


def _class_of(command: str) -> type[Record]:
    if command not in LIBRARY.values():
        raise UsageError(
            f"The file is a result of `scaling {command}`, which this version does not have.",
            hint="Install the version that wrote it, named as tool_version in the file.",
        )
    return result_of(command)
