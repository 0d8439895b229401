"""Training logs in, one table of points out: `load_runs`.

Files are scanned lazily, filtered, renamed to the canonical roles and reduced to points before anything
is collected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.data import derive, select
from scaling_cli.data.canonical import BY, UNREADABLE, Plan, canonical, finished, make_plan
from scaling_cli.data.filters import keep_where
from scaling_cli.data.inputs import Evidence, Inputs, culprit, open_inputs
from scaling_cli.data.names import unknown
from scaling_cli.data.table import RunTable, left_out, no_points

CHECKPOINTS = ("final", "all")


def load_runs(
    paths: str | Path | Sequence[str | Path] | pl.DataFrame,
    *,
    mapping: Mapping[str, str] | None = None,
    where: str | None = None,
    by: Sequence[str] = (),
    keep: Sequence[str] = (),
    maybe: Sequence[str] = (),
    checkpoints: str = "final",
) -> RunTable:
    """Points from files or from a polars frame.

    Args:
        mapping: Column for a role, before the alias table; the column `none` leaves the role out.
        where: SQL condition on the columns as the files name them.
        by: Columns that name groups; they come back as text, and rows without one are left out.
        keep: Further columns; they come back as floats where all their cells are numbers, as text
        otherwise.
        maybe: Names that are kept likewise where they are columns.
        checkpoints: `final` keeps the last step of each run that has a name and steps, `all`
        keeps every row.

    Raises:
        UsageError: A column or role that was named does not exist, or two columns tie for a role.
        DataError: A file cannot be read, has no loss, or no usable row.
    """
    if checkpoints not in CHECKPOINTS:
        raise unknown("choice of checkpoints", checkpoints, CHECKPOINTS)
    ask = _Ask(mapping or {}, where, tuple(by), tuple(keep), tuple(maybe), checkpoints)
    if isinstance(paths, pl.DataFrame):
        return _load(paths.lazy(), ask)
    given = [paths] if isinstance(paths, str | Path) else paths
    return _load_files(open_inputs([str(path) for path in given]), ask)


@dataclass(frozen=True, slots=True)
class _Ask:
    """The options of `load_runs`."""

    mapping: Mapping[str, str]
    where: str | None
    by: tuple[str, ...]
    keep: tuple[str, ...]
    maybe: tuple[str, ...]
    checkpoints: str


def _load_files(inputs: Inputs, ask: _Ask) -> RunTable:
    evidence = Evidence(inputs)
    try:
        table = _load(inputs.frame(), ask)
        return replace(table, sources=evidence.sources(table.total if ask.where is None else None))
    except PolarsError as error:
        raise culprit(inputs, error) from None


def _load(rows: pl.LazyFrame, ask: _Ask) -> RunTable:
    schema = rows.collect_schema()
    keep = (*ask.keep, *(name for name in ask.maybe if name in schema))
    plan = make_plan(schema.names(), ask.mapping, ask.by, keep)
    if ask.where is not None:
        rows = keep_where(rows, ask.where, schema)
    points, excluded, total = _points(*canonical(rows, schema, plan), plan, ask.checkpoints)
    if points.is_empty():
        raise no_points(excluded, total, ask.where)
    for role in plan.derived:
        points = derive.complete(points, role)
    given = all(role in plan.chosen for role in ("compute", "params", "tokens"))
    caveats = (*left_out(excluded, total), *(derive.mismatch(points) if given else ()))
    return RunTable(finished(points, plan), (), plan.columns, excluded, total, caveats)


def _points(
    rows: pl.LazyFrame, unreadable: Sequence[str], plan: Plan, checkpoints: str
) -> tuple[pl.DataFrame, dict[str, int], int]:
    groups = [BY + name for name in plan.by]
    marked, reasons = select.with_reasons(rows, measures=plan.measures, unreadable=unreadable, labels=groups)
    marked = marked.drop(UNREADABLE + role for role in unreadable)
    if checkpoints == "final" and "run_id" in plan.chosen and "step" in plan.chosen:
        return select.last_rows(marked, reasons)
    return select.every_row(marked, reasons)
