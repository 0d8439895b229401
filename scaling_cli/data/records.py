"""A table made from rows in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl


def frame_of_records(records: Iterable[Sequence[object]]) -> pl.DataFrame:
    """A table of rows, of which the first names the columns; a column's type is one that fits all its values."""
    header, *rows = records
    return pl.DataFrame(rows, schema=[str(name) for name in header], orient="row", infer_schema_length=None)
