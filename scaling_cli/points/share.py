"""All groups of runs as the points of one law, with parameters that the groups share."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.data.names import in_order
from scaling_cli.data.runs.table import RunTable, label_of
from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws.derive import with_derived
from scaling_cli.laws.grouped import LEVEL, grouped
from scaling_cli.options.fit import Fit
from scaling_cli.points.choose import Choice
from scaling_cli.points.held import hold
from scaling_cli.points.labels import require_several
from scaling_cli.points.table import PointTable
from scaling_cli.record import replace


def shared(table: RunTable, choices: Sequence[Choice], asked: Fit) -> tuple[PointTable, list[Choice]]:
    """The points of all groups, with a column of the groups, and the law that shares parameters between them.

    Raises:
        UsageError: There are no groups, or the parameters cannot be shared.
        DataError: There is only one group.
    """
    if not asked.by or asked.law == "all":
        said = "--share needs one law" if asked.by else "--share needs --by, which names the column of the groups"
        raise UsageError(f"{said}.", hint="Give, for example, --law chinchilla --by optimizer --share E,alpha,beta.")
    (choice,) = choices
    points, both = of_groups([table.frame], asked.by, choice, asked.share)
    both = replace(both, law=with_derived(both.law, asked.derive))
    return points, [hold(both, asked.fix, asked.tie, points.frame)]


def of_groups(
    frames: Sequence[pl.DataFrame], by: Sequence[str], choice: Choice, names: Sequence[str]
) -> tuple[PointTable, Choice]:
    """The points with a column of their groups, and the law in all groups, which share the parameters in `names`.

    Raises:
        UsageError: The parameters cannot be shared.
        DataError: There is only one group.
        FitError: Each group has only one point.
    """
    column = ",".join(by)
    frame = pl.concat(frames)
    labels = pl.concat_str([pl.col(label_of(frame, name)) for name in by], separator=",")
    frame = frame.with_columns(labels.alias(LEVEL + column))
    levels = sorted(frame[LEVEL + column].unique().to_list(), key=in_order)
    if len(levels) < 2:
        raise DataError(
            f"--share needs several groups, but {column} has only one value.", hint="Leave --by and --share out."
        )
    require_several(len(levels), frame.height, by)
    ends = {label: (float(losses.min()), float(losses.max()))  # type: ignore[arg-type]
            for (label,), part in frame.partition_by([LEVEL + column], as_dict=True).items()
            for losses in [part["loss"]]}  # fmt: skip
    law = grouped(choice.law, column, levels, names, [_positive(*ends[label]) for label in levels])
    return PointTable(frame), replace(choice, law=law, inputs={**choice.inputs, LEVEL + column: LEVEL + column})


def _positive(low: float, high: float) -> tuple[float, float]:
    """The extent of losses as `Scene` has it: positive numbers."""
    size = max(abs(low), abs(high)) or 1.0
    return max(low, 1e-6 * size), size
