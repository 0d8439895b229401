"""Columns that give one role on different rows, such as `params` in one file and `n_params` or `params_b` in another.

They become one column, if no row has different values in two of them. Names that say which params are counted, such as
those without embeddings, do not mix with others. In one file, other columns of tokens and compute may hold what a run
was to be trained on, so these must have the same name but for its unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.files.inputs import Scan, column_counts
from scaling_cli.data.names import normalise
from scaling_cli.data.runs.aliases import roles_of, scale_of
from scaling_cli.data.runs.columns import Chosen
from scaling_cli.data.runs.formulas import Source
from scaling_cli.data.runs.load_options import LoadOptions
from scaling_cli.numbers.units import split_count_unit
from scaling_cli.record import replace

ROLES = ("params", "tokens", "compute")
# Words in names of params that are counted in a way of their own, or that may be no count at all.
KINDS = {"active", "embedding", "embeddings", "nonembedding", "trainable", "total", "size"}
EQUAL = 1e-3  # relative difference of values that mean the same


def with_one_column_each(scans: Sequence[Scan], options: LoadOptions, *, is_small: bool) -> list[Scan]:
    """The scans with one column for each role that several give on different rows; large files are not searched."""
    for role, columns in _several(column_counts(scans), options).items():
        shared = [scan for scan in scans if sum(name in scan.columns for name in columns) > 1]
        if not shared or (is_small and all(_are_one(scan.rows, role, columns) for scan in shared)):
            scans = [_joined(scan, role, columns) for scan in scans]
    return list(scans)


def one_column_each(rows: pl.LazyFrame, options: LoadOptions) -> pl.LazyFrame:
    """A table with one column for each role that several give on different rows."""
    for role, columns in _several(dict.fromkeys(rows.collect_schema(), 1), options).items():
        if _are_one(rows, role, columns):
            rows = _with_first(rows, role, columns)
    return rows


def _several(files: Mapping[str, int], options: LoadOptions) -> dict[str, list[str]]:
    """The columns of each role that has several, the best first, unless an option names one of the others.

    `files` has the number of files with each column.
    """
    found: dict[str, list[tuple[bool, float, int, str]]] = {role: [] for role in ROLES if role not in options.mapping}
    for name, (role, tier) in roles_of(list(files)).items():
        if role in found and not (role == "params" and set(normalise(name).split("_")) & KINDS):
            found[role].append((scale_of(role, name) != 1.0, tier, -files[name], name))
    columns = {role: [name for *_, name in sorted(places)] for role, places in found.items() if len(places) > 1}
    named = [*options.mapping.values(), *options.by, *options.keep, *options.maybe, *options.best_over]
    asked = " ".join([*named, options.where or ""])
    return {role: several for role, several in columns.items() if not any(name in asked for name in several[1:])}


def _values(rows: pl.LazyFrame, role: str, columns: Sequence[str]) -> list[pl.Expr]:
    """The values of the columns that the rows have, in base units."""
    schema = rows.collect_schema()
    return [Source(Chosen(name, scale_of(role, name)), role).values(schema) for name in columns if name in schema]


def _are_one(rows: pl.LazyFrame, role: str, columns: Sequence[str]) -> bool:
    """Whether the columns of a table may hold one amount, of which no row has two different values."""
    if role != "params" and len({split_count_unit(normalise(name))[0] for name in columns}) > 1:
        return False
    values = _values(rows, role, columns)
    low, high = pl.min_horizontal(values), pl.max_horizontal(values)
    differ = rows.select(((high - low) > EQUAL * high.abs()).any())
    return not differ.collect(engine="streaming").item()


def _with_first(rows: pl.LazyFrame, role: str, columns: Sequence[str]) -> pl.LazyFrame:
    """The rows with the first of the columns, in its unit, filled from the others, and without these."""
    value = pl.coalesce(_values(rows, role, columns)) / scale_of(role, columns[0])
    return rows.with_columns(value.alias(columns[0])).drop(columns[1:], strict=False)


def _joined(scan: Scan, role: str, columns: Sequence[str]) -> Scan:
    if not set(columns[1:]) & set(scan.columns):
        return scan
    others = [name for name in scan.columns if name not in columns]
    return replace(scan, rows=_with_first(scan.rows, role, columns), columns=(*others, columns[0]))
