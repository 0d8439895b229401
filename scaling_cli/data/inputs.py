"""Input files opened as one lazy table, with their evidence: what was read, its hash and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import NoDataError, PolarsError

from scaling_cli.data.formats import Format, format_of, read_head
from scaling_cli.data.source import Source, content_hash
from scaling_cli.errors import DataError, ScalingError, UsageError


@dataclass(frozen=True, slots=True)
class Inputs:
    """Files that were recognised, grouped so that files of one layout share one scan."""

    paths: tuple[str, ...]
    layouts: dict[tuple[Format, str], list[str]]

    def frame(self) -> pl.LazyFrame:
        """All rows of all files; a column that a file lacks is null there."""
        scans = [kind.scan(paths, layout) for (kind, layout), paths in self.layouts.items()]
        return scans[0] if len(scans) == 1 else pl.concat(scans, how="diagonal_relaxed")

    def scan(self, path: str) -> pl.LazyFrame:
        """One of the files alone."""
        kind, layout = next(key for key, paths in self.layouts.items() if path in paths)
        return kind.scan([path], layout)

    def rows(self, path: str) -> int:
        """The rows of one file."""
        return int(self.scan(path).select(pl.len()).collect(engine="streaming").item())


def open_inputs(paths: Sequence[str]) -> Inputs:
    """Recognise each file by its content.

    Raises:
        DataError: A file is missing, empty, or of no known format.
    """
    if not paths:
        raise UsageError("No input files are given.", hint="Name at least one CSV or Parquet file.")
    layouts: dict[tuple[Format, str], list[str]] = {}
    for path in dict.fromkeys(paths):
        layouts.setdefault(_recognise(path), []).append(path)
    return Inputs(tuple(dict.fromkeys(paths)), layouts)


def _recognise(path: str) -> tuple[Format, str]:
    try:
        head = read_head(path)
        kind = format_of(path, head)
        return kind, kind.layout(path, head)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.", hint=_neighbours(path)) from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder.", hint=f"Name its files, for example {path.rstrip('/')}/*.csv") from None
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be opened: {reason}.", hint="Check the path and its permissions.") from None
    except PolarsError as error:
        raise _unreadable(path, error) from None


def _neighbours(path: str) -> str:
    folder = Path(path).parent
    if not folder.is_dir():
        return f"There is no folder {folder} either; check the path."
    files = sorted(other.name for other in folder.iterdir() if other.suffix == Path(path).suffix)[:5]
    return f"{folder} has {', '.join(files)}." if files else "Check the path."


def _unreadable(path: str, error: PolarsError) -> DataError:
    reason = str(error).splitlines()[0]
    if "more fields than defined" in reason:
        return DataError(
            f"{path} has a line with more cells than its header.",
            hint="Quote cells that contain the separator, or remove the line.",
        )
    if "invalid utf-8" in reason:
        return DataError(f"{path} is not UTF-8 text.", hint=f"Convert it: iconv -f LATIN1 -t UTF-8 {path} > runs.csv")
    if isinstance(error, NoDataError):
        return DataError(f"{path} is empty.", hint="Leave it out, or check the job that writes it.")
    return DataError(f"{path} cannot be read: {reason}", hint="Check that the file is whole, or write it again.")


def culprit(inputs: Inputs, error: PolarsError) -> ScalingError:
    """The error for the first file that cannot be read to its end, found by reading each alone."""
    for path in inputs.paths:
        try:
            inputs.scan(path).select(pl.all().count()).collect(engine="streaming")
        except PolarsError as found:
            return _unreadable(path, found)
    return _unreadable(", ".join(inputs.paths[:3]), error)


class Evidence:
    """Hashes of the inputs, computed in a thread while polars reads the same files."""

    def __init__(self, inputs: Inputs) -> None:
        """Start hashing; `sources` waits for it."""
        self._inputs = inputs
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._hashes: list[Future[str]] = [self._pool.submit(content_hash, path) for path in inputs.paths]

    def sources(self, total: int | None) -> tuple[Source, ...]:
        """Each file with its hash and rows; `total` is the rows of all files if they were counted
        already."""
        paths = self._inputs.paths
        known = total if len(paths) == 1 else None
        found = tuple(
            Source(path, digest.result(), known if known is not None else self._inputs.rows(path))
            for path, digest in zip(paths, self._hashes, strict=True)
        )
        self._pool.shutdown()
        return found
