"""What a table of points was read from, told before anything is fitted."""

from __future__ import annotations

from dataclasses import field

from scaling_cli.data.table import RunTable
from scaling_cli.record import record

SAMPLE_ROWS = 5
UNITS = {"params": "count", "tokens": "count", "unique_tokens": "count", "compute": "FLOPs", "batch_size": "as given"}


@record
class RoleColumn:
    """A role, the column or formula behind it, its unit, and the range of its values once scaled.

    `scale` is the factor from the unit of the column. `missing` counts the points without a value.
    """

    role: str
    origin: str
    unit: str
    scale: float
    low: float | None
    high: float | None
    missing: int


@record
class ColumnsResult:
    """Which column plays which role, and what would be fitted."""

    runs: int
    points: int
    rows: int
    roles: tuple[RoleColumn, ...]
    others: tuple[str, ...]
    excluded: dict[str, int]
    sample: tuple[dict[str, float | str | None], ...]
    group: dict[str, str] = field(default_factory=dict)


def summarise(table: RunTable, loss_unit: str) -> ColumnsResult:
    """The columns of a table, with the first points as a sample."""
    frame = table.frame
    roles = tuple(_role(table, role, loss_unit) for role in table.columns if role in frame.columns)
    return ColumnsResult(
        runs=frame["run_id"].n_unique(),
        points=frame.height,
        rows=table.total,
        roles=roles,
        others=table.others,
        excluded=table.excluded,
        sample=tuple(frame.head(SAMPLE_ROWS).to_dicts()),
    )


def _role(table: RunTable, role: str, loss_unit: str) -> RoleColumn:
    values = table.frame[role]
    is_number = values.dtype.is_numeric()
    return RoleColumn(
        role=role,
        origin=table.columns[role],
        unit=loss_unit if role == "loss" else UNITS.get(role, "name" if role == "run_id" else "as given"),
        scale=table.scales.get(role, 1.0),
        low=_number(values.min()) if is_number else None,
        high=_number(values.max()) if is_number else None,
        missing=values.null_count(),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
