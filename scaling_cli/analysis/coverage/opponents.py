"""With which group another is compared, and the answers that need both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.coverage.crossing import Side, crossing, grid_of, rates_of
from scaling_cli.coverage.counts import ProblemResampling
from scaling_cli.data.names import unknown
from scaling_cli.record import Record
from scaling_cli.results.coverage import CurveCrossing

Values = Mapping[str, str]


class Named(Record):
    """A group as it can be named: whole, or by the value of one of its columns."""

    name: str
    values: Values


def check_opponent(named: str, groups: Sequence[Named]) -> None:
    """Refuse a name that neither a group nor a value of a column has.

    Raises:
        UsageError: There is none.
    """
    values = dict.fromkeys(value for group in groups for value in group.values.values())
    names = list(dict.fromkeys([*(group.name for group in groups), *values]))
    if named not in names:
        raise unknown("group to compare with", named, names)


def opponent(group: Named, groups: Sequence[Named], named: str) -> Named | None:
    """The group that `named` stands for: the one of that name, or one that differs only in a column of that value.

    None for that group itself, and where there is no such group.
    """
    for other in groups:
        if other.name == named:
            return None if group.name == named else other
    for column, value in group.values.items():
        wanted = {**group.values, column: named}
        if value != named:
            for other in groups:
                if dict(other.values) == wanted:
                    return other
    return None


def curves_cross(left: Side, right: Side, *, level: float, resampling: ProblemResampling) -> CurveCrossing | None:
    """Where the coverage of `left` passes that of `right`; None if they cannot be compared."""
    common = sorted(set(left.problems) & set(right.problems))
    sides = (left.only(common), right.only(common)) if len(common) > 1 else (left.counts, right.counts)
    most = min(int(side.n.min()) for side in sides)
    grid = grid_of(most)
    rates = rates_of(left, right, grid, grid)
    if rates is None or len(grid) < 2:
        return None
    estimate = rates.difference(level)[0]
    known = estimate[np.abs(estimate) > 0]
    leads = "" if not len(known) else left.name if known[0] > 0 else right.name
    return CurveCrossing(right.name, crossing(np.log(grid), rates.replicates(resampling), level, estimate), leads, most)
