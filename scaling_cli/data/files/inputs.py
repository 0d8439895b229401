"""Input files opened as one lazy table, with their evidence: what was read, its hash and its rows."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import polars as pl
from polars.exceptions import NoDataError, PolarsError

from scaling_cli.data.files.delimited import DELIMITED
from scaling_cli.data.files.expand import STDIN, InputFile, expand
from scaling_cli.data.files.format import FILE, HEAD, Format, read_head
from scaling_cli.data.files.formats import find_format, format_of
from scaling_cli.data.files.source import Digest, Unread, digest_file, digest_of
from scaling_cli.errors import DataError
from scaling_cli.record import Record
from scaling_cli.results.report import Source

Layout = tuple[Format, str]


class Inputs(Record):
    """Files that were recognised, grouped so that files of one layout share one scan, and those that were not.

    `digests` has those of files that were read whole already.
    """

    files: tuple[InputFile, ...]
    layouts: dict[Layout, list[InputFile]]
    digests: Mapping[str, Digest]
    unread: tuple[Unread, ...] = ()

    def scans(self) -> Iterator[tuple[tuple[InputFile, ...], Format, pl.LazyFrame]]:
        """The rows of each layout, with `FILE` and with the labels in the paths that the files have no column for."""
        for (kind, layout), files in self.layouts.items():
            yield tuple(files), kind, _labelled(kind.scan([file.path for file in files], layout), files)

    def frame(self) -> pl.LazyFrame:
        """All rows of all files; a column that a file lacks is null there."""
        return joined([rows for _, _, rows in self.scans()]).drop(FILE)

    def without(self, bad: Iterable[Unread]) -> Inputs:
        """The same files but those that cannot be read."""
        bad = tuple(bad)
        names = {each.path for each in bad}
        layouts = {
            layout: kept
            for layout, files in self.layouts.items()
            if (kept := [file for file in files if file.name not in names])
        }
        files = tuple(file for file in self.files if file.name not in names)
        return Inputs(files, layouts, self.digests, (*self.unread, *bad))


def joined(scans: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """Several scans as one; columns whose types have nothing in common become text, with null for lists and such."""
    if len(scans) == 1:
        return scans[0]
    schemas = [scan.collect_schema() for scan in scans]
    kinds: dict[str, set[pl.DataType]] = {}
    for schema in schemas:
        for name, kind in schema.items():
            kinds.setdefault(name, set()).add(kind)
    mixed = [name for name, found in kinds.items() if len(found) > 1 and not _are_akin(found)]
    texts = [[_text(name, schema[name]) for name in mixed if name in schema] for schema in schemas]
    return pl.concat([scan.with_columns(text) for scan, text in zip(scans, texts, strict=True)], how="diagonal_relaxed")


def _are_akin(kinds: set[pl.DataType]) -> bool:
    """Whether polars can bring the types to one without losing any value."""
    are_lists = all(isinstance(kind, pl.List) for kind in kinds)
    return are_lists or all(kind.is_numeric() or kind in (pl.Null, pl.Boolean) for kind in kinds)


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    if kind.is_nested() or kind in (pl.Binary, pl.Duration):
        return pl.lit(None, pl.String).alias(name)
    return pl.col(name).cast(pl.String)


def _labelled(rows: pl.LazyFrame, files: Sequence[InputFile]) -> pl.LazyFrame:
    keys = dict.fromkeys(key for file in files for key, _ in file.labels)
    if not keys:
        return rows
    known = rows.collect_schema().names()
    paths = [file.path for file in files]
    values = {key: [dict(file.labels).get(key) for file in files] for key in keys if key not in known}
    return rows.with_columns(
        pl.col(FILE).replace_strict(paths, pl.Series(cells, dtype=pl.String), return_dtype=pl.String).alias(key)
        for key, cells in values.items()
    )


def open_inputs(given: Sequence[str], input_format: str | None = None) -> Inputs:
    """The files behind `RUNS...`, opened: see `expand` and `open_files`."""
    return open_files(expand(given), input_format)


def open_files(files: Sequence[InputFile], input_format: str | None = None) -> Inputs:
    """Recognise each file by its content, or take all for `input_format`.

    Of several files, those that cannot be read are listed and the rest go on.

    Raises:
        UsageError: There is no such format.
        DataError: A file is missing, or none can be read.
    """
    kind = find_format(input_format) if input_format else None
    layouts: dict[Layout, list[InputFile]] = {}
    digests: dict[str, Digest] = {}
    unread: list[Unread] = []
    for file in files:
        try:
            layouts.setdefault(_recognise(file, kind, digests), []).append(file)
        except DataError as error:
            if len(files) == 1 or not os.path.lexists(file.path):  # a link to nothing is there, like a torn file
                raise _named(error, file) from None
            said = _named(error, file)
            unread.append(Unread(file.name, said.message, said.hint))
    if not layouts:
        raise none_readable(unread)
    opened = tuple(file for kept in layouts.values() for file in kept)
    order = {file.name: place for place, file in enumerate(files)}
    return Inputs(tuple(sorted(opened, key=lambda file: order[file.name])), layouts, digests, tuple(unread))


def _named(error: DataError, file: InputFile) -> DataError:
    """The error with the name that the user gave; standard input, for one, lies in a file that nobody knows."""
    if file.name == file.path:
        return error
    name = "standard input" if file.name == STDIN else file.name
    message, hint = (text.replace(file.path, name) for text in (error.message, error.hint))
    return DataError(message, hint=hint)


def none_readable(unread: Sequence[Unread]) -> DataError:
    """The error where no file is left."""
    return DataError(f"None of {len(unread):,} files can be read; the first: {unread[0].error}", hint=unread[0].hint)


def _recognise(file: InputFile, kind: Format | None, digests: dict[str, Digest]) -> Layout:
    path = file.path
    try:
        raw, head = read_head(path)
        if len(raw) < HEAD:  # the whole file: no need to read it again for its hash
            digests[path] = digest_of(raw)
        found = kind if kind is not None and head.strip() else format_of(path, head)
        return found, found.layout(path, head)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.", hint=_neighbours(path)) from None
    except (OSError, EOFError, zlib.error) as error:
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


def without_culprits(inputs: Inputs, error: PolarsError) -> Inputs:
    """The inputs without the files that cannot be read to their ends.

    Raises:
        DataError: There is one file, or none is left, or none is to blame.
    """
    bad = [found for (kind, layout), files in inputs.layouts.items() for found in _culprits(kind, layout, files)]
    if len(inputs.files) == 1 or not bad:
        name = inputs.files[0].name if len(inputs.files) == 1 else f"{inputs.files[0].name} and others"
        raise _unreadable(name, error)
    if len(bad) == len(inputs.files):
        raise none_readable([*inputs.unread, *bad])
    return inputs.without(bad)


def _culprits(kind: Format, layout: str, files: Sequence[InputFile]) -> Iterator[Unread]:
    """The files that cannot be read, found by halving, so that a thousand good ones cost a few scans."""
    try:
        kind.scan([file.path for file in files], layout).select(pl.all().count()).collect(engine="streaming")
    except PolarsError as error:
        if len(files) == 1:
            found = _unreadable(files[0].name, error)
            yield Unread(files[0].name, found.message, found.hint)
            return
        middle = len(files) // 2
        yield from _culprits(kind, layout, files[:middle])
        yield from _culprits(kind, layout, files[middle:])


class Evidence:
    """Hashes of the inputs, computed in a thread while polars reads the same files."""

    def __init__(self, inputs: Inputs) -> None:
        """Start hashing; `sources` waits for it."""
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._known = inputs.digests
        self._digests: dict[str, Future[Digest]] = {
            file.path: self._pool.submit(digest_file, file.path)
            for file in inputs.files
            if file.path not in inputs.digests
        }

    def sources(self, inputs: Inputs, total: int | None) -> tuple[Source, ...]:
        """Each file with its hash and rows; `total` is the rows of all files if they were counted
        already."""
        digests = {
            file.path: self._known[file.path] if file.path in self._known else self._digests[file.path].result()
            for file in inputs.files
        }
        self._pool.shutdown()
        rows = _rows(inputs, digests, total)
        return tuple(Source(file.name, digests[file.path].sha256, rows[file.path]) for file in inputs.files)


def _rows(inputs: Inputs, digests: Mapping[str, Digest], total: int | None) -> dict[str, int]:
    """The rows of each file, by counting lines where that is sure to be the same, else by reading."""
    if len(inputs.files) == 1 and total is not None:
        return {inputs.files[0].path: total}
    kinds = {file.path: kind for (kind, _), files in inputs.layouts.items() for file in files}
    counted = {path: lines - 1 for path, digest in digests.items() if (lines := digest.lines) is not None}
    is_sure = all(kind is DELIMITED for kind in kinds.values()) and len(counted) == len(digests)
    if is_sure and sum(counted.values()) == total:  # packed files and odd line ends would give another total
        return counted
    return dict.fromkeys(digests, 0) | {
        path: count for _, _, rows in inputs.scans() for path, count in _rows_by_file(rows).items()
    }


def _rows_by_file(rows: pl.LazyFrame) -> dict[str, int]:
    counts = rows.select(FILE).group_by(FILE).len().collect(engine="streaming")
    return dict(zip(counts[FILE].to_list(), counts["len"].to_list(), strict=True))
