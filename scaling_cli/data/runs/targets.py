"""Read the targets of a forecast from a file: amounts by role, and the loss if it is already known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from scaling_cli.data.cells import numbers_of_text
from scaling_cli.data.files.inputs import open_inputs
from scaling_cli.data.names import column_of
from scaling_cli.data.runs.columns import IGNORE, candidates
from scaling_cli.data.runs.formulas import is_computable
from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.table import RunTable, label_of
from scaling_cli.data.usable_files import read_usable
from scaling_cli.errors import DataError
from scaling_cli.numbers.units import PERPLEXITY
from scaling_cli.options.reading import Reading

UNKNOWN, OBSERVED = "scaling_unknown_loss", "scaling_observed_loss"
ROLES = ("params", "tokens", "compute", "step", "lr")

# Amounts, observed loss, group, run, and texts where a number was expected.
Row = tuple[dict[str, float], float | None, dict[str, str], str | None, dict[str, str]]


def load_targets(
    path: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    by: Sequence[str] = (),
    keep: Sequence[str] = (),
    loss_unit: str = "nats",
    most: float | None = None,
) -> list[Row]:
    """The amounts of each row, its loss if that was observed, and its group and run.

    Args:
        by: Columns that name groups; if the file lacks one, its rows are targets of every group.
        keep: Names of further inputs, which may be columns that hold amounts.
        loss_unit: The unit of observed losses; the logarithm of perplexities is taken, as for runs.
        most: Bytes that the file may have when it is unpacked.

    Raises:
        DataError: The file cannot be read, or has no rows, or some rows have no usable amounts.
    """
    rows = read_usable(open_inputs([str(path)], most=most), lambda inputs: inputs.frame().collect())
    rows = rows.filter(~pl.all_horizontal(pl.all().is_null()))
    if rows.is_empty():
        raise DataError(
            f"{path} has no targets.",
            hint="Write one target per row, under a header with roles, such as params,tokens.",
        )
    groups = [column for column in by if column in rows.columns]
    amounts = [name for name in keep if name in rows.columns and name not in ROLES]
    known = {
        role: column
        for role, column in (mapping or {}).items()
        if column in (*rows.columns, IGNORE) or is_computable(role, column, rows.columns)
    }
    observed = _loss_column(rows, known)
    # Few targets have a loss, so all rows get the same one, and the observed losses are kept as another column.
    losses = (pl.col(observed) if observed else pl.lit(None)).cast(str)
    if loss_unit == PERPLEXITY:
        losses = numbers_of_text(losses).log().cast(str)
    prepared = rows.with_columns(losses.alias(OBSERVED), pl.lit(1.0).alias(UNKNOWN))
    run = {} if "run_id" in candidates(rows.columns, known) else {"run_id": IGNORE}
    mapping = {**known, **run, "loss": UNKNOWN}
    try:
        table = load_runs(prepared, Reading(map=mapping, by=groups, checkpoints="all"), keep=[*amounts, OBSERVED])
    except DataError as error:
        raise DataError(f"{path}: {error.message}", hint=error.hint) from None
    if len(table.frame) < len(rows):
        raise DataError(
            f"{path}: {len(rows) - len(table.frame)} of {len(rows)} rows cannot be used as targets.",
            hint=f"Give every row amounts above 0; `scaling columns {path}` shows how the columns are read.",
        )
    names = {name: name for name in ROLES} | {name: column_of(table.frame.columns, name) for name in keep}
    return [_target(row, table, names, groups) for row in table.frame.iter_rows(named=True)]


def _target(row: Mapping[str, Any], table: RunTable, names: Mapping[str, str], groups: Sequence[str]) -> Row:
    run = str(row["run_id"]) if "run_id" in table.columns and row["run_id"] is not None else None
    given = {name: row[column] for name, column in names.items() if row.get(column) is not None}
    return (
        {name: float(value) for name, value in given.items() if not isinstance(value, str)},
        _positive(row[OBSERVED]),
        {name: str(row[label_of(table.frame, name)]) for name in groups},
        run,
        {name: value for name, value in given.items() if isinstance(value, str)},
    )


def _loss_column(rows: pl.DataFrame, mapping: Mapping[str, str]) -> str | None:
    """The column of observed losses, or None if no row has a usable one."""
    try:
        return load_runs(rows, Reading(map=mapping, checkpoints="all")).columns.get("loss")
    except DataError:
        return None


def _positive(value: str | None) -> float | None:
    """The number in a cell if it is a usable loss, or None."""
    try:
        number = float(value or "nan")
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None
