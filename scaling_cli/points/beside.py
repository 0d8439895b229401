"""Columns beside the points of runs, which have no role."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.data.runs.table import RunTable


def differs_between(table: RunTable, by: Sequence[str], name: str) -> bool:
    """Whether a column beside the points has other values in one group than in another."""
    values = table.frame.select(table.own(by)).with_columns(table.aside[name].cast(pl.String).alias("aside"))
    found = values.drop_nulls().group_by(table.own(by)).agg(pl.col("aside").unique().sort())
    return found["aside"].list.join("\n").n_unique() > 1
