"""Read thousands of small CSV files with the same header as fast as a few large ones.

polars needs longer to start a table than to parse two hundred rows. So the bytes of files are joined, a few megabytes
at a time, and parsed together; the number of lines of each file says which rows came from it. A file whose lines cannot
be counted that way (a quoted cell may contain a line end) is parsed by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import polars as pl

from scaling_cli.data.files.format import BOM, FILE, GZIP, ZSTD, stream

MANY = 64  # with no more files, polars is as fast
SMALL = 2**20  # mean bytes per file; above it, polars is as fast
BATCH = 2**21  # bytes parsed together


def scan_csv(paths: Sequence[str], separator: str) -> pl.LazyFrame:
    """The rows of files with the same header, all cells as text."""
    return pl.scan_csv(list(paths), separator=separator, infer_schema=False, glob=False, include_file_paths=FILE)


def are_many_and_small(paths: Sequence[str]) -> bool:
    """Whether there are so many files, and they are so small, that joining them is faster."""
    return len(paths) > MANY and sum(os.path.getsize(path) for path in paths) < SMALL * len(paths)


def scan_joined(paths: Sequence[str], separator: str) -> pl.LazyFrame:
    """The rows of `scan_csv`, in its order, read from joined files."""
    schema = scan_csv(paths[:1], separator).collect_schema()
    return stream(schema.names(), lambda: _tables(paths, separator))


def _tables(paths: Sequence[str], separator: str) -> Iterator[pl.DataFrame]:
    names: list[str] = []
    bodies: list[bytes] = []
    header, size = b"", 0
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            content = file.read()
        head, _, body = content.removeprefix(BOM).lstrip(b"\r\n").partition(b"\n")
        if b'"' in content or content.startswith((GZIP, ZSTD)):
            yield from _parsed(names, header, bodies, separator)
            names, bodies, size = [], [], 0
            yield scan_csv([path], separator).collect()
            continue
        header = head
        names.append(path)
        bodies.append(body if body.endswith(b"\n") or not body else body + b"\n")
        size += len(body)
        if size > BATCH:
            yield from _parsed(names, header, bodies, separator)
            names, bodies, size = [], [], 0
    yield from _parsed(names, header, bodies, separator)


def _parsed(names: Sequence[str], header: bytes, bodies: Sequence[bytes], separator: str) -> Iterator[pl.DataFrame]:
    if not names:
        return
    table = pl.read_csv(b"\n".join((header, b"".join(bodies))), separator=separator, infer_schema=False)
    lines = [body.count(b"\n") for body in bodies]
    if table.height != sum(lines):
        yield scan_csv(names, separator).collect()
        return
    files = pl.DataFrame({FILE: names, "lines": lines}).filter(pl.col("lines") > 0)
    yield table.with_columns(files.select(pl.col(FILE).repeat_by("lines").explode()).to_series())
