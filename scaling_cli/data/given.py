"""What a caller of the library hands over: names of files, or rows that are in memory already."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.errors import DataError, UsageError

Given: TypeAlias = str | Path | Sequence[str | Path] | pl.DataFrame | pl.LazyFrame


def frame_of(given: Given) -> pl.LazyFrame | None:
    """The rows of a table: of polars, or of any library that streams it by Arrow's C interface; None for paths."""
    if isinstance(given, pl.LazyFrame):
        return given
    if isinstance(given, pl.DataFrame) or hasattr(given, "__arrow_c_stream__"):
        return pl.DataFrame(given).lazy()
    return None


def paths_of(given: Given) -> list[str]:
    """The names of files, folders and globs, whether one is given or several.

    Raises:
        UsageError: Something else is given.
    """
    names = [given] if isinstance(given, str | os.PathLike) else given
    if not isinstance(names, Sequence) or not all(isinstance(name, str | os.PathLike) for name in names):
        raise UsageError(
            f"Rows cannot be read from a {type(given).__name__}.",
            hint="Give a path, a list of paths, or a table: of polars, or of a pandas that has pyarrow.",
        )
    return [os.fspath(name) for name in names]


def unreadable_table(error: PolarsError | OSError) -> DataError:
    """The error for a lazy table that fails when it is read."""
    reason = str(error).splitlines()[0]
    return DataError(f"The table cannot be read: {reason}", hint="Collect it by itself, to see where it fails.")
