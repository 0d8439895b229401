"""Which column plays which role, and what would be fitted."""

from __future__ import annotations

from scaling_cli.record import Record


class RoleColumn(Record):
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


class ColumnsResult(Record):
    """Which column plays which role, and what would be fitted.

    Where nothing can be fitted yet, `problem` and `remedy` say why; `origin` of a role that is not settled then names
    every column that could be it, and `sample` has the cells of the first rows as the files have them.
    """

    runs: int
    points: int
    rows: int
    roles: tuple[RoleColumn, ...]
    others: tuple[str, ...]
    excluded: dict[str, int]
    sample: tuple[dict[str, float | str | None], ...]
    group: dict[str, str] = {}
    problem: str | None = None
    remedy: str | None = None
