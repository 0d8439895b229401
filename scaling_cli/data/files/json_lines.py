"""JSON lines, streamed: one object per line; keys may first appear late, values may be NaN, the last line cut short.

polars reads a block of lines at a time. It accepts neither NaN nor a broken line, so a block that has one is read again
by Python's parser. A line that neither can read becomes a row without values, which is later counted as unusable.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence

import polars as pl
from polars.exceptions import PanicException, PolarsError

from scaling_cli.data.cells import plain_columns
from scaling_cli.data.files.format import FILE, Format, Row, line_blocks, stream, text_frame
from scaling_cli.data.files.json_runs import curves, flattened, rows_within
from scaling_cli.errors import DataError

TOGETHER, MANY = 20_000, 200  # rows, or blocks, that are joined into one table


def _is_json_lines(head: bytes) -> bool:
    first, newline, rest = head.lstrip().partition(b"\n")
    if not first.startswith(b"{") or not newline or not rest.strip():
        return False
    try:
        found = json.loads(first)
    except (ValueError, RecursionError):
        return False
    # Lines that hold the history of a run each are read as a document.
    return isinstance(found, dict) and not (rows_within(found) or curves(found))


def _layout(path: str, head: bytes) -> str:
    """The keys of all lines, sorted so that files that differ only in the order are scanned together."""
    names: dict[str, None] = {FILE: None}
    for block in line_blocks(path):
        names |= dict.fromkeys(_table(block, path).columns)
    del names[FILE]
    if not names:
        raise DataError(f"{path} contains no JSON object.", hint="Write one JSON object per line.")
    return json.dumps(sorted(names))


def _scan(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    names = [*json.loads(layout), FILE]
    return stream(names, lambda: _tables(paths, names))


def _tables(paths: Sequence[str], names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """All rows with all columns; small files share a table, because each table costs time later."""
    tables: list[pl.DataFrame] = []
    for path in paths:
        for block in line_blocks(path):
            table = _table(block, path)
            absent = [pl.lit(None, pl.String).alias(name) for name in names if name not in table.columns]
            tables.append(table.with_columns(absent).select(names))
            if sum(table.height for table in tables) >= TOGETHER or len(tables) >= MANY:
                yield pl.concat(tables, rechunk=True)
                tables = []
    if tables:
        yield pl.concat(tables, rechunk=True)


def _table(block: bytes, path: str) -> pl.DataFrame:
    """The lines of a block as text, with `FILE`; a line without values is a row, too."""
    try:
        table = pl.read_ndjson(io.BytesIO(block), infer_schema_length=None)
    except (PolarsError, PanicException):
        return text_frame([{FILE: path, **_row(line)} for line in block.splitlines() if line.strip()])
    table = plain_columns(table.lazy()).collect()
    texts = [_as_text(name, kind) for name, kind in table.schema.items()]
    return table.select(*texts, pl.lit(path).alias(FILE))


def _row(line: bytes) -> Row:
    try:
        return flattened(json.loads(line))
    except (ValueError, RecursionError):
        return {}


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    if not isinstance(kind, pl.List):
        return pl.col(name).cast(pl.String)
    if isinstance(kind.inner, pl.List | pl.Struct):
        return pl.when(pl.col(name).is_not_null()).then(pl.lit("[...]")).alias(name)
    return pl.format("[{}]", pl.col(name).cast(pl.List(pl.String)).list.join(", ")).alias(name)


JSON_LINES = Format(_is_json_lines, _layout, _scan, has_fixed_columns=True)
