"""Thousands of small CSV files with one header, read as if they were few large ones.

A stream of ten thousand tables of two hundred rows spends its time between tables. So files are joined as bytes, a few
megabytes at a time, and parsed together; which row came from which file follows from the lines of each. Files whose
lines cannot be counted that way (a quoted cell may hold a line end) are parsed by themselves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import polars as pl

from scaling_cli.data.files.format import BOM, FILE, GZIP, ZSTD, stream

MANY = 64  # files below which polars is as fast
SMALL = 2**20  # bytes a file, on average, above which polars is as fast
BATCH = 2**21  # bytes parsed together


def scan_csv(paths: Sequence[str], separator: str) -> pl.LazyFrame:
    """Files of one header, all cells text."""
    return pl.scan_csv(list(paths), separator=separator, infer_schema=False, glob=False, include_file_paths=FILE)


def are_scraps(paths: Sequence[str]) -> bool:
    """Whether the files are so many and so small that joining them pays."""
    return len(paths) > MANY and sum(os.path.getsize(path) for path in paths) < SMALL * len(paths)


def scan_scraps(paths: Sequence[str], separator: str) -> pl.LazyFrame:
    """The same rows in the same order as `scan_csv`."""

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
            yield from _joined(names, header, bodies, separator)
            names, bodies, size = [], [], 0
            yield scan_csv([path], separator).collect()
            continue
        header = head
        names.append(path)
        bodies.append(body if body.endswith(b"\n") or not body else body + b"\n")
        size += len(body)
        if size > BATCH:
            yield from _joined(names, header, bodies, separator)
            names, bodies, size = [], [], 0
    yield from _joined(names, header, bodies, separator)


def _joined(names: Sequence[str], header: bytes, bodies: Sequence[bytes], separator: str) -> Iterator[pl.DataFrame]:
    if not names:
        return
    table = pl.read_csv(b"\n".join((header, b"".join(bodies))), separator=separator, infer_schema=False)
    lines = [body.count(b"\n") for body in bodies]
    if table.height != sum(lines):
        yield scan_csv(names, separator).collect()
        return
    files = pl.DataFrame({FILE: names, "lines": lines}).filter(pl.col("lines") > 0)
    yield table.with_columns(files.select(pl.col(FILE).repeat_by("lines").explode()).to_series())
