"""The first argument of the library's functions: paths of files, or a table in memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import polars as pl

from scaling_cli.errors import UsageError

PathsOrTable: TypeAlias = str | Path | Sequence[str | Path] | pl.DataFrame | pl.LazyFrame


def frame_of(data: PathsOrTable) -> pl.LazyFrame | None:
    """The rows of a table as a lazy frame; None for paths.

    A table is one of polars, or of any library that offers it through Arrow's C stream interface.
    """
    if isinstance(data, pl.LazyFrame):
        return data
    if isinstance(data, pl.DataFrame) or hasattr(data, "__arrow_c_stream__"):
        return pl.DataFrame(data).lazy()
    return None


def paths_of(data: PathsOrTable) -> list[str]:
    """The paths of files, folders and globs as a list of text, whether there is one path or several.

    Raises:
        UsageError: `data` is something else.
    """
    paths = [data] if isinstance(data, str | os.PathLike) else data
    if not isinstance(paths, Sequence) or not all(isinstance(path, str | os.PathLike) for path in paths):
        raise UsageError(
            f"Cannot read rows from an object of type {type(data).__name__}.",
            hint="Give a path, a list of paths, a polars table, or a pandas table (which needs pyarrow).",
        )
    return [os.fspath(path) for path in paths]
