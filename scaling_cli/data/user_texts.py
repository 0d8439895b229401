"""Small files that users write as options: sizes, rules and suites."""

from __future__ import annotations

from pathlib import Path

from scaling_cli.errors import DataError


def read_user_text(path: str | Path, hint: str) -> str:
    """The text of a file in UTF-8; `hint` says how to write it.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}.", hint="Check the path.") from problem
    except UnicodeDecodeError as problem:
        raise DataError(f"{path} cannot be read: {problem}.", hint=hint) from problem
