"""Parquet files."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.data.files.format import FILE, Format


def _layout(path: str, head: bytes) -> str:
    return repr(pl.read_parquet_schema(path))


def _scan(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    return pl.scan_parquet(list(paths), glob=False, hive_partitioning=False, include_file_paths=FILE)


PARQUET = Format(lambda head: head.startswith(b"PAR1"), _layout, _scan)
