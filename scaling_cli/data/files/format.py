"""The definition of a file format, and readers of files that may be compressed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, TypeAlias, overload

import polars as pl
from polars.io.plugins import register_io_source

from scaling_cli.record import Record

if TYPE_CHECKING:
    from gzip import GzipFile

FILE = "__file"  # the column with the path that each row was read from
HEAD = 65536  # bytes read to recognise a format; a header line of a wide log has thousands
BLOCK = 2**23  # bytes of lines read at once

BOM = b"\xef\xbb\xbf"
GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"  # how files that shrink begin
Row: TypeAlias = Mapping[str, str | None]


class Format(Record):
    """How to recognise and read the files of one format.

    Attributes:
        recognises: Whether a file with these first bytes has the format.
        layout: Describes the columns, given the path and the first bytes; files of equal layout are scanned together.
            Raises DataError for a file that turns out to be damaged or of another format.
        scan: The rows of files, given their paths and layout, with the files' columns and `FILE`.
        one_run: Whether every file is the log of one run.
        line_per_row: Whether a file has a header line and then one line per row.
        has_fixed_columns: Whether files of equal layout have the same columns, all of text.
    """

    recognises: Callable[[bytes], bool]
    layout: Callable[[str, bytes], str]
    scan: Callable[[Sequence[str], str], pl.LazyFrame]
    one_run: bool = False
    line_per_row: bool = False
    has_fixed_columns: bool = False


def stored_head(path: str) -> bytes:
    """The first bytes of a file as stored."""
    with open(path, "rb", buffering=0) as file:  # one system call per file, which matters for thousands of files
        return file.read(HEAD)


def unpacked_head(path: str, stored: bytes) -> bytes:
    """The first bytes of a file, decompressed, from those that are stored."""
    if stored.startswith(GZIP):
        with opened(path, stored) as packed:
            return packed.read(HEAD)
    if stored.startswith(ZSTD):
        return "\n".join(_lines(path).head(64).collect().to_series().fill_null("")).encode()[:HEAD]
    return stored


def _lines(path: str) -> pl.LazyFrame:
    # polars decompresses zstd, which Python's library does not; each whole line is one cell.
    return pl.scan_csv(
        [path],
        has_header=False,
        separator="\x01",
        quote_char=None,
        infer_schema=False,
        new_columns=["line"],
        glob=False,
        encoding="utf8-lossy",
    )


def opened(path: str, start: bytes) -> IO[bytes] | GzipFile:
    """The file as a stream of its bytes, decompressed where it starts as gzip does."""
    if not start.startswith(GZIP):
        return open(path, "rb")
    import gzip  # which most logs do not need

    return gzip.open(path, "rb")


def line_blocks(path: str) -> Iterator[bytes]:
    """A text file in blocks of whole lines; the last line of the file may lack its end."""
    with open(path, "rb") as file:
        start = file.read(4)
    if start == ZSTD:
        for batch in _lines(path).collect_batches(chunk_size=100_000):
            yield "\n".join(batch.to_series().fill_null("")).encode() + b"\n"
        return
    begun: list[bytes] = []  # of a line that has not ended; joined once, because it may be long
    with opened(path, start) as file:
        while block := file.read(BLOCK):
            whole, newline, rest = block.rpartition(b"\n")
            if newline:
                yield b"".join((*begun, whole, newline))
                begun = []
            begun.append(rest)
    if last := b"".join(begun):
        yield last


def text_frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows as a table of text, with every column that any row has."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {_writable(name): [_writable(row.get(name)) for row in rows] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


@overload
def _writable(text: str) -> str: ...
@overload
def _writable(text: None) -> None: ...
def _writable(text: str | None) -> str | None:
    """The text with a question mark for half a surrogate pair, which JSON may hold and UTF-8 cannot."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def scan_rows(paths: Sequence[str], read: Callable[[str], Sequence[Row]]) -> pl.LazyFrame:
    """The rows of files that are small enough to be read whole, as one table of text."""
    frames = [text_frame(read(path)).with_columns(pl.lit(path).alias(FILE)) for path in paths]
    return pl.concat(frames, how="diagonal").lazy()


def stream(schema: Sequence[str], tables: Callable[[], Iterable[pl.DataFrame]]) -> pl.LazyFrame:
    """A lazy table of text with these columns; polars calls `tables` for its parts when it reads."""

    def parts(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = rows
        for table in tables():
            part = table if columns is None else table.select(columns)
            if left is not None:
                part = part.head(left)
                left -= part.height
            yield part if predicate is None else part.filter(predicate)
            if left == 0:
                return

    return register_io_source(parts, schema=dict.fromkeys(schema, pl.String))


def whole_files(
    recognises: Callable[[bytes], bool], read: Callable[[str], Sequence[Row]], *, one_run: bool = False
) -> Format:
    """The format of files that are read whole; `read` gives the rows of one, and raises what is wrong with it."""

    def layout(path: str, head: bytes) -> str:
        read(path)
        return ""

    def scan(paths: Sequence[str], layout: str) -> pl.LazyFrame:
        return scan_rows(paths, read)

    return Format(recognises, layout, scan, one_run=one_run)
