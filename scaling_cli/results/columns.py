"""Results of `scaling columns`: the column behind each role, and what would be fitted."""

from __future__ import annotations

from scaling_cli.record import Record
from scaling_cli.results.values import Count, GroupValues, Sentence


class RoleColumn(Record):
    """A role with its column, unit and range of values.

    Attributes:
        origin: The column or formula behind the role; where several columns are possible, all of them.
        scale: Factor from the unit of the column to FLOPs or counts.
        low, high: Range of the values after scaling.
        missing: Points without a value.
    """

    role: str
    origin: str
    unit: str
    scale: float
    low: float | None
    high: float | None
    missing: Count


class ColumnsResult(Record):
    """Which column plays which role, and what would be left out of a fit.

    Attributes:
        rows: Rows read, including those left out.
        others: Columns without a role.
        excluded: Rows left out, by reason.
        tokens_per_param: The smallest and the largest ratio of tokens to params; None without both.
        sample: The first points, by role; where there is a problem, the first rows as they are in the files.
        problem: Why nothing can be fitted yet; None where a fit is possible.
        remedy: What solves the problem.
    """

    runs: Count
    points: Count
    rows: Count
    roles: tuple[RoleColumn, ...]
    others: tuple[str, ...]
    excluded: dict[str, int]
    sample: tuple[dict[str, float | str | None], ...]
    group: GroupValues = {}
    tokens_per_param: tuple[float, float] | None = None
    problem: str | None = None
    remedy: str | None = None
    sentence: Sentence = ""
