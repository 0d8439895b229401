"""The first argument of the library's functions: paths of files, or a table in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.data.cells import NESTED
from scaling_cli.data.files.json_runs import text_of
from scaling_cli.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

Columns: TypeAlias = Mapping[str, Sequence[object]]
Rows: TypeAlias = Sequence[Mapping[str, object]]
LONGEST_NAME = 255  # characters of a file's name on usual disks

PathsOrTable: TypeAlias = (
    "str | Path | Sequence[str | Path] | pl.DataFrame | pl.LazyFrame | pd.DataFrame | Columns | Rows"
)

_reader: int | None = None  # the process that has read a table


def frame_of(data: PathsOrTable) -> pl.LazyFrame | None:
    """The rows of a table as a lazy frame; None for paths.

    A table is one of polars or pandas, or of any library that offers it through Arrow's C stream interface, a dict of
    columns, or a list of dicts, one for each row.

    Raises:
        UsageError: There are no columns, two have one name, or they differ in length or in their index of pandas; or
            this process is a fork of one that has read a table.
    """
    _refuse_fork()
    if not is_table(data):
        return None
    if isinstance(data, pl.LazyFrame):
        return data
    if _is_of_pandas(data):
        return _of_columns(_of_pandas(data))
    if isinstance(data, Mapping):
        refuse_other_order(data)
        return _of_columns(data.items())
    if _are_rows(data):
        return _of_columns(_of_rows([dict(_cells(row)) for row in data]))
    return pl.DataFrame(data).lazy()  # type: ignore[arg-type]


def is_table(data: object) -> bool:
    """Whether `data` is a table in memory; a single column is none."""
    if type(data).__name__ == "Series":
        return False
    if isinstance(data, pl.DataFrame | pl.LazyFrame | Mapping) or hasattr(data, "__arrow_c_stream__"):
        return True
    return _is_of_pandas(data) or _are_rows(data)


def paths_of(data: PathsOrTable) -> list[str]:
    """The paths of files, folders and globs as a list of text, whether there is one path or several.

    Raises:
        UsageError: `data` is something else.
    """
    paths = [data] if isinstance(data, str | os.PathLike) else data
    if not _are_paths(paths):
        raise UsageError(
            f"Cannot read rows from an object of type {type(data).__name__}.",
            hint="Give paths, a table of polars, pandas or Arrow, a dict of columns, or a list of dicts.",
        )
    for path in map(str, paths):
        if len(path) > LONGEST_NAME and "\n" in path:
            raise UsageError(
                f"A path is expected, not the content of a file, {path[:40]!r}...",
                hint="Give the path of the file, or read the text first: polars.read_csv(io.StringIO(text)).",
            )
    return [os.fspath(path) for path in paths]


def refuse_other_order(columns: Mapping[str, object]) -> None:
    """Refuse columns of pandas whose indexes differ, since rows are matched by their position.

    Raises:
        UsageError: Two have different indexes.
    """
    series = {name: column for name, column in columns.items() if _is_of_pandas(column, "Series")}
    for name, column in series.items():
        first = next(iter(series))
        if not column.index.equals(series[first].index):
            raise UsageError(
                f"{first!r} and {name!r} are Series of pandas with different indexes.",
                hint="Put them into one frame, which matches their rows: pandas.DataFrame({...}).",
            )


def _refuse_fork() -> None:
    """Refuse to read in a forked process: it lacks the threads that polars started in its parent, and would wait.

    Raises:
        UsageError: The parent of this process has read a table.
    """
    global _reader
    _reader = _reader or os.getpid()
    if _reader != os.getpid():
        raise UsageError(
            "This worker is a fork of a process that has already read runs, in which polars would wait forever.",
            hint="Use jobs=2 or joblib, or start workers with multiprocessing.get_context('spawn').",
        )


def _are_paths(data: object) -> TypeGuard[Sequence[str | Path]]:
    return isinstance(data, Sequence) and all(isinstance(path, str | os.PathLike) for path in data)


def _is_of_pandas(data: object, name: str = "DataFrame") -> TypeGuard[pd.DataFrame]:
    """Whether `data` is of this class of pandas, which is not imported to find out."""
    return any(kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == name for kind in type(data).__mro__)


def _are_rows(data: object) -> TypeGuard[Rows]:
    return isinstance(data, Sequence) and len(data) > 0 and all(isinstance(row, Mapping) for row in data)


def _of_pandas(frame: pd.DataFrame) -> Iterator[tuple[object, object]]:
    """The named levels of the index, and the columns; polars itself needs pyarrow to read text from pandas."""
    for level in frame.index.names:
        if level is not None and level not in frame.columns:
            yield level, frame.index.get_level_values(level).to_list()
    for name, column in frame.items():
        is_plain = isinstance(column.dtype, np.dtype) and column.dtype != object
        yield name, column.to_numpy() if is_plain else column.astype(object).where(column.notna(), None).to_list()


def _of_rows(rows: Sequence[Mapping[str, object]]) -> Iterator[tuple[str, list[object]]]:
    for name in dict.fromkeys(name for row in rows for name in row):
        yield name, [row.get(name) for row in rows]


def _cells(row: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The values of a row by name; those of nested rows are called `outer/inner`."""
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _cells(value, f"{prefix}{name}{NESTED}")
        else:
            yield f"{prefix}{name}", value


def _of_columns(columns: Iterable[tuple[object, object]]) -> pl.LazyFrame:
    """A frame of columns by name; names of several levels are joined by `/`."""
    found: dict[str, pl.Series] = {}
    for name, values in columns:
        label = NESTED.join(map(str, name)) if isinstance(name, tuple) else str(name)
        if label in found:
            raise UsageError(f"The table has two columns called {label!r}.", hint="Rename one of them.")
        found[label] = _series(label, values)
    if not found:
        raise UsageError("The table has no columns.", hint="Give one with a row for each run or checkpoint.")
    lengths = {label: len(column) for label, column in found.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{label!r} has {length}" for label, length in lengths.items())
        raise UsageError(
            f"The columns differ in their numbers of values: {counts}.", hint="Give one value for each row."
        )
    return pl.LazyFrame(found)


def _series(label: str, values: object) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(label)
    if isinstance(values, np.ma.MaskedArray):
        values = values.tolist()  # None where it is masked
    if isinstance(values, np.ndarray) and values.dtype != object:
        return pl.Series(label, values)
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise UsageError(f"The column {label!r} is one value.", hint="Give a list with one value for each row.")
    # The keys of these would be read, or their order means nothing.
    if isinstance(values, Mapping | Set | pl.DataFrame) or _is_of_pandas(values):
        kind = type(values).__name__
        hint = "Give a list with one value for each row, as pandas does by frame.to_dict('list')."
        raise UsageError(f"The column {label!r} is a {kind}.", hint=hint)
    values = list(values)
    if any(isinstance(value, list | tuple | np.ndarray) for value in values):  # attempts at a problem
        return _of_lists(label, values)
    return pl.Series(label, [text_of(value) for value in values], dtype=pl.String)


def _of_lists(label: str, values: list[object]) -> pl.Series:
    try:
        return pl.Series(label, values)
    except (TypeError, PolarsError):
        raise UsageError(
            f"The column {label!r} holds lists of different types of value.", hint="Give one value for each row."
        ) from None
