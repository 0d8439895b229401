"""The file formats that can be read. A new one is a `Format` in `FORMATS`.

A format recognises a file by its first bytes, groups files that can share one scan (`layout`), and scans
such a group lazily. Cells of text formats stay text, so that one rule reads numbers everywhere and no
guess about a column's type, made from its first rows, can fail later in the file.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from scaling_cli.errors import DataError

HEAD = 65536  # bytes read to recognise a format; a header line of a wide log has thousands
SEPARATORS = (",", "\t", ";", "|")

# Programs separate by semicolons where the comma is the decimal sign, so there "2,345" is 2.345.
DECIMAL_COMMA = r"^(\s*[+-]?[0-9]+),([0-9]+(?:[eE][+-]?[0-9]+)?\s*)$"


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file.

    `layout` raises DataError where a recognised file cannot be what it seems; files of equal layout are
    scanned together.
    """

    name: str
    recognises: Callable[[bytes], bool]
    layout: Callable[[str, bytes], str]
    scan: Callable[[Sequence[str], str], pl.LazyFrame]


def read_head(path: str) -> bytes:
    """The first bytes of a file, unpacked if it is gzip."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
    if not head.startswith(b"\x1f\x8b"):
        return head
    with gzip.open(path, "rb") as packed:
        return packed.read(HEAD)


def format_of(path: str, head: bytes) -> Format:
    """The format of a file by its content; its suffix is not trusted."""
    if not head.strip():
        raise DataError(f"{path} is empty.", hint="Check that the job that writes it has finished, or leave it out.")
    return next(kind for kind in FORMATS if kind.recognises(head))


def _parquet_layout(path: str, head: bytes) -> str:
    return repr(pl.read_parquet_schema(path))


def _scan_parquet(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    return pl.scan_parquet(list(paths), glob=False, hive_partitioning=False)


def _delimited_layout(path: str, head: bytes) -> str:
    """The separator, then the header line: files that agree on both have the same columns."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path} is UTF-16 text.", hint=f"Convert it: iconv -f UTF-16 -t UTF-8 {path} > runs.csv")
    if b"\0" in head:
        raise DataError(f"{path} is not a text or Parquet file.", hint="Give CSV, TSV or Parquet files.")
    header = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").split(b"\n", 1)[0].decode(errors="replace").strip("\r")
    unquoted = "".join(header.split('"')[::2])
    separator = max(SEPARATORS, key=unquoted.count)
    return separator + header


def _scan_delimited(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    rows = pl.scan_csv(list(paths), separator=layout[0], infer_schema=False, glob=False)
    if layout[0] != ";":
        return rows
    return rows.with_columns(pl.all().str.replace(DECIMAL_COMMA, "${1}.${2}"))


PARQUET = Format("parquet", lambda head: head.startswith(b"PAR1"), _parquet_layout, _scan_parquet)
DELIMITED = Format("delimited", lambda head: True, _delimited_layout, _scan_delimited)  # recognises the rest: keep last

FORMATS = (PARQUET, DELIMITED)
