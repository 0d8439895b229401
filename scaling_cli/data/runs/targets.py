"""Targets of a forecast from a file: amounts by role, and the loss where it is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from scaling_cli.data.cells import numbers_of_text
from scaling_cli.data.files.inputs import open_inputs
from scaling_cli.data.runs.columns import IGNORE, candidates
from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.table import label_of
from scaling_cli.errors import DataError
from scaling_cli.numbers.units import PERPLEXITY
from scaling_cli.options.reading import Reading

UNKNOWN, OBSERVED = "scaling_unknown_loss", "scaling_observed_loss"
ROLES = ("params", "tokens", "compute", "step", "lr")

Row = tuple[dict[str, float], float | None, dict[str, str], str | None]


def load_targets(
    path: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    by: Sequence[str] = (),
    keep: Sequence[str] = (),
    loss_unit: str = "nats",
) -> list[Row]:
    """Amounts, loss if it was observed, group and run of each row.

    Args:
        by: Columns that name groups; those the file lacks are left out, and its rows are then for every group.
        keep: Further columns that are amounts.
        loss_unit: The unit of observed losses; of perplexities the log is taken, as it is of the runs'.

    Raises:
        DataError: There are no rows, or some are no targets.
    """
    rows = open_inputs([str(path)]).frame().collect()
    rows = rows.filter(~pl.all_horizontal(pl.all().is_null()))
    if rows.is_empty():
        raise DataError(f"{path} has no targets.", hint="Write a target a row, with a header of roles.")
    named = dict(mapping or {})
    present = [column for column in by if column in rows.columns]
    wanted = [column for column in keep if column in rows.columns]
    known = {role: column for role, column in named.items() if column in rows.columns or column == "none"}
    observed = _loss_column(rows, known)
    # A target need not have its loss, so all are read as if none had.
    losses = (pl.col(observed) if observed else pl.lit(None)).cast(str)
    if loss_unit == PERPLEXITY:
        losses = numbers_of_text(losses).log().cast(str)
    unknown = rows.with_columns(losses.alias(OBSERVED), pl.lit(1.0).alias(UNKNOWN))
    own = {} if "run_id" in candidates(rows.columns, known) else {"run_id": IGNORE}
    mapping = {**known, **own, "loss": UNKNOWN}
    table = load_runs(unknown, Reading(map=mapping, by=present, checkpoints="all"), keep=[*wanted, OBSERVED])
    if len(table.frame) < len(rows):
        raise DataError(
            f"{path}: {len(rows) - len(table.frame)} of {len(rows)} rows are no targets.",
            hint="Give every row amounts above 0; `scaling columns` shows how its columns are read.",
        )
    found = []
    for row in table.frame.iter_rows(named=True):
        amounts = {name: float(row[name]) for name in (*ROLES, *wanted) if row.get(name) is not None}
        group = {name: str(row[label_of(table.frame, name)]) for name in present}
        run = str(row["run_id"]) if "run_id" in table.columns and row["run_id"] is not None else None
        found.append((amounts, _positive(row[OBSERVED]), group, run))
    return found


def _loss_column(rows: pl.DataFrame, mapping: Mapping[str, str]) -> str | None:
    """The column of observed losses, if any row has one."""
    try:
        return load_runs(rows, Reading(map=mapping, checkpoints="all")).columns.get("loss")
    except DataError:
        return None


def _positive(value: str | None) -> float | None:
    """A loss that was observed, where the cell holds one."""
    try:
        number = float(value or "nan")
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None
