"""Targets of a forecast from a file: amounts by role, and the loss where it is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from scaling_cli.data.inputs import open_inputs
from scaling_cli.data.load import load_runs
from scaling_cli.errors import DataError

UNKNOWN = "scaling_unknown_loss"
ROLES = ("params", "tokens", "compute", "step", "lr")

Row = tuple[dict[str, float], float | None, dict[str, str], str | None]


def load_targets(
    path: str | Path, *, mapping: Mapping[str, str] | None = None, by: Sequence[str] = (), keep: Sequence[str] = ()
) -> list[Row]:
    """Amounts, loss if it was observed, group and run of each row.

    Args:
        by: Columns that name groups; those the file lacks are left out, and its rows are then for every group.
        keep: Further columns that are amounts.
    """
    rows = open_inputs([str(path)]).frame().collect()
    named = dict(mapping or {})
    present = [column for column in by if column in rows.columns]
    wanted = [column for column in keep if column in rows.columns]
    known = {role: column for role, column in named.items() if column in rows.columns or column == "none"}
    try:
        table = load_runs(rows, mapping=known, by=present, keep=wanted, checkpoints="all")
    except DataError:
        unknown = rows.with_columns(pl.lit(1.0).alias(UNKNOWN))
        table = load_runs(unknown, mapping={**known, "loss": UNKNOWN}, by=present, keep=wanted, checkpoints="all")
    is_known = table.columns.get("loss") != UNKNOWN
    found = []
    for row in table.frame.iter_rows(named=True):
        amounts = {name: float(row[name]) for name in (*ROLES, *wanted) if row.get(name) is not None}
        group = {name: str(row[name]) for name in present}
        run = None if row.get("run_id") is None else str(row["run_id"])
        found.append((amounts, float(row["loss"]) if is_known else None, group, run))
    return found
