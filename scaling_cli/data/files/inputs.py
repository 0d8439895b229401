"""Open input files as lazy tables."""

from __future__ import annotations

import difflib
import os
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import polars as pl

from scaling_cli.data.cells import plain_columns
from scaling_cli.data.files.companions import companions
from scaling_cli.data.files.digest import Digest, digest_of
from scaling_cli.data.files.expand import InputFile, expand, run_names
from scaling_cli.data.files.format import FILE, GZIP, HEAD, PARQUET, ZSTD, Format, stored_head, unpacked_head
from scaling_cli.data.files.formats import format_of, load_format
from scaling_cli.data.files.held import Held
from scaling_cli.data.files.pipes import STDIN
from scaling_cli.data.files.stamps import CHANGED, Stamp, stamp_of
from scaling_cli.data.files.unpacked import check_unpacked
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.data.reader_errors import THROWN, explained
from scaling_cli.errors import DataError, ScalingError
from scaling_cli.record import Record, replace

BY_FILE = "file"  # the column of the file of each row, where no other has the name
BY_FOLDER = "folder"  # that of its folder, where files are in a few folders
MOST_FOLDERS, FEWEST_IN_FOLDER = 40, 3  # folders, and files in each of them on average, that may be kinds of runs
Layout = tuple[Format, str]


class UnreadFile(Record):
    """A file that could not be read while others could: what is wrong with it, and what to try."""

    path: str
    error: str
    hint: str


class Scan(Record):
    """The rows of files that share a layout, with `FILE`, and with the labels in their paths that are not columns."""

    files: tuple[InputFile, ...]
    kind: Format
    rows: pl.LazyFrame
    columns: tuple[str, ...]


class Inputs(Record):
    """Files whose format was recognised, grouped by layout, and those that could not be read.

    `digests` has those of files that were already read whole, and `stamps` shows whether a file has changed since.
    `held` are the rows of the only file, if they were read with those of other files.
    """

    files: tuple[InputFile, ...]
    layouts: dict[Layout, list[InputFile]]
    digests: Mapping[str, Digest]
    unread: tuple[UnreadFile, ...] = ()
    stamps: Mapping[str, Stamp] = {}
    held: Held | None = None

    def scans(self) -> Iterator[Scan]:
        """One scan for each layout."""
        for (kind, layout), files in self.layouts.items():
            if self.held is not None:
                rows = self.held.rows
            else:
                rows = _labelled(plain_columns(kind.scan([file.path for file in files], layout)), files)
            columns = tuple(name for name in rows.collect_schema().names() if name != FILE)
            yield Scan(tuple(files), kind, rows, columns)

    def frame(self) -> pl.LazyFrame:
        """All rows of all files; a column that a file lacks is null there."""
        return joined([scan.rows for scan in self.scans()]).drop(FILE)

    def short_names(self) -> dict[str, str]:
        """A short name of each file by its path."""
        names = run_names([file.name for file in self.files])
        return {file.path: names[file.name] for file in self.files}

    def labelled_by_file(self) -> Inputs:
        """The inputs with a short name of each file as its label `BY_FILE`, which becomes a column."""
        names = self.short_names()
        new = {file.path: replace(file, labels=(*file.labels, (BY_FILE, names[file.path]))) for file in self.files}
        layouts = {layout: [new[file.path] for file in files] for layout, files in self.layouts.items()}
        return replace(self, files=tuple(new.values()), layouts=layouts)

    def labelled_by_folder(self) -> Inputs:
        """The inputs with the folder of each file as its label `BY_FOLDER`, if files are in a few folders."""
        folders = folder_of_each([file.name for file in self.files])
        new = {
            file.path: replace(file, labels=(*file.labels, (BY_FOLDER, folder)))
            for file, folder in zip(self.files, folders, strict=False)
        }
        layouts = {layout: [new.get(file.path, file) for file in files] for layout, files in self.layouts.items()}
        return replace(self, files=tuple(new.values()), layouts=layouts) if new else self

    def without(self, unread: Sequence[UnreadFile]) -> Inputs:
        """The inputs with these files moved from `files` to `unread`.

        Raises:
            DataError: No file is left.
        """
        names = {file.path for file in unread}
        every_unread = (*self.unread, *unread)
        if len(names) == len(self.files):
            raise none_readable(every_unread)
        layouts = {
            layout: kept
            for layout, files in self.layouts.items()
            if (kept := [file for file in files if file.name not in names])
        }
        files = tuple(file for file in self.files if file.name not in names)
        return Inputs(files, layouts, self.digests, every_unread, self.stamps)

    def changed(self) -> list[UnreadFile]:
        """The files that were written to since they were opened."""
        return [
            UnreadFile(file.name, f"{file.name} {CHANGED}", "Run the command again, or copy the file first.")
            for file in self.files
            if stamp_of(file.path) != self.stamps.get(file.path)
        ]


Opened: TypeAlias = Inputs | ScalingError  # open files, or the error that opening them ended with


def folder_of_each(names: Sequence[str]) -> list[str]:
    """The part of each path, below the folders that all have in common, that takes a few values; [] if none does."""
    places = [os.path.dirname(name) for name in names]
    parts_of = {place: Path(place).parts for place in set(places)}
    parts = [parts_of[place] for place in places]
    for depth in range(max(map(len, parts), default=0)):
        folders = [part[depth] if depth < len(part) else "" for part in parts]
        count = len(set(folders))
        if count > 1 and not any("=" in folder for folder in folders):
            return folders if count <= min(MOST_FOLDERS, len(names) // FEWEST_IN_FOLDER) else []
    return []


def column_counts(scans: Sequence[Scan]) -> Counter[str]:
    """How many files have each column, in the order in which columns first appear."""
    counts: Counter[str] = Counter()
    for scan in scans:
        counts.update(dict.fromkeys(scan.columns, len(scan.files)))
    return counts


def joined(tables: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """Several tables as one; a column with incompatible types becomes text, with null for lists and such."""
    if len(tables) == 1:
        return tables[0]
    schemas = [table.collect_schema() for table in tables]
    kinds: dict[str, set[pl.DataType]] = {}
    for schema in schemas:
        for name, kind in schema.items():
            kinds.setdefault(name, set()).add(kind)
    mixed = [name for name, types in kinds.items() if len(types) > 1 and not _are_compatible(types)]
    texts = [[_text(name, schema[name]) for name in mixed if name in schema] for schema in schemas]
    return pl.concat(
        [table.with_columns(text) for table, text in zip(tables, texts, strict=True)], how="diagonal_relaxed"
    )


def _are_compatible(kinds: set[pl.DataType]) -> bool:
    """Whether polars can convert the types to a common one without losing any value."""
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
    columns = rows.collect_schema().names()
    paths = [file.path for file in files]
    values = {key: [dict(file.labels).get(key) for file in files] for key in keys if key not in columns}
    return rows.with_columns(
        pl.col(FILE).replace_strict(paths, pl.Series(cells, dtype=pl.String), return_dtype=pl.String).alias(key)
        for key, cells in values.items()
    )


def open_inputs(arguments: Sequence[str], input_format: str | None = None, most: float | None = None) -> Inputs:
    """The files behind `RUNS...`, opened: see `expand` and `open_files`."""
    return open_files(expand(arguments), input_format, most)


@quiet_panics()
def open_files(files: Sequence[InputFile], input_format: str | None = None, most: float | None = None) -> Inputs:
    """The files with the format of each, which its content shows unless `input_format` names it.

    If there are several files, those that cannot be read are listed as unread. `most` limits the bytes of a file that
    is compressed: see `unpacked`.

    Raises:
        UsageError: The format does not exist.
        DataError: A file does not exist, or none can be read.
    """
    kind = load_format(input_format) if input_format else None
    layouts: dict[Layout, list[InputFile]] = {}
    digests: dict[str, Digest] = {}
    stamps: dict[str, Stamp] = {}
    unread: list[UnreadFile] = []
    for file in files:
        try:
            stamps[file.path] = stamp_of(file.path)
            layouts.setdefault(_recognise(file, kind, digests, most), []).append(file)
        except DataError as error:
            named = _with_given_name(error, file)
            # A broken link exists, so it is listed as unread like a damaged file.
            if len(files) == 1 or not os.path.lexists(file.path):
                raise named from None
            unread.append(UnreadFile(file.name, named.message, named.hint))
    if not layouts:
        raise none_readable(unread)
    readable = {file.name for group in layouts.values() for file in group}
    return Inputs(tuple(file for file in files if file.name in readable), layouts, digests, tuple(unread), stamps)


def _with_given_name(error: DataError, file: InputFile) -> DataError:
    """The error with the name that the user gave, where `file.path` is a temporary file."""
    if file.name == file.path:
        return error
    name = "standard input" if file.name == STDIN else file.name
    message, hint = (text.replace(file.path, name) for text in (error.message, error.hint))
    return DataError(message, hint=hint)


def none_readable(unread: Sequence[UnreadFile]) -> DataError:
    """The error if no file is left."""
    return DataError(f"None of {len(unread):,} files can be read; the first: {unread[0].error}", hint=unread[0].hint)


def _recognise(file: InputFile, kind: Format | None, digests: dict[str, Digest], most: float | None) -> Layout:
    path = file.path
    try:
        raw = stored_head(path)
        if raw.startswith((GZIP, ZSTD, PARQUET)):
            check_unpacked(path, most)
        head = unpacked_head(path, raw)
        if len(raw) < HEAD and not companions(path):  # this is the whole log, so its hash needs no second reading
            digests[path] = digest_of(raw)
        recognised = kind if kind is not None and head.strip() else format_of(path, head)
        return recognised, recognised.layout(path, head)
    except FileNotFoundError:
        raise absent(path) from None
    except THROWN as error:
        raise explained(error, path) from None


def absent(path: str) -> DataError:
    """The error for a file that does not exist; the hint names one with nearly its name."""
    if os.path.islink(path):
        return DataError(f"{path} is a link to a file that does not exist.", hint="Correct the link, or name the file.")
    return DataError(f"{path} does not exist.", hint=_similar_files(path))


def _similar_files(path: str) -> str:
    folder = Path(path).parent
    if not folder.is_dir():
        return f"Check the path: the folder {folder} does not exist, either."
    every = sorted(other.name for other in folder.iterdir())
    if near := difflib.get_close_matches(Path(path).name, every, n=1):
        return f"Did you mean {shlex.quote(str(folder / near[0]))}?"
    names = [name for name in every if Path(name).suffix == Path(path).suffix][:5]
    place = "the current folder" if folder == Path() else f"the folder {folder}"
    return f"Check the path: {place} has {', '.join(names)}." if names else "Check the path."
