"""Columns of labels as numbers: the place of each point's label among the levels of a law."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from scaling_cli.arrays import Array
from scaling_cli.data.names import in_order
from scaling_cli.errors import DataError, FitError, UsageError
from scaling_cli.numbers.format import with_and

DIGITS = 10  # of a number that serves as a label


def labels_of(column: pl.Series) -> tuple[str, ...]:
    """The different labels of a column, numbers by size and before words."""
    return tuple(sorted({_label(value) for value in column.drop_nulls().unique()}, key=in_order))


def require_shared(levels: Mapping[str, Sequence[str]], points: int) -> None:
    """Refuse a column that indexes a parameter and has another label at each point.

    Raises:
        UsageError: There is one.
    """
    for name, labels in levels.items():
        if len(labels) == points:
            raise UsageError(
                f"Each of the {points} points has another {name}, so a parameter indexed by {name} would have only one "
                "point for each of its values.",
                hint=f"Leave [{name}] out of the formula, index the parameter by a column whose values several points "
                "share, or, if the log has several rows of each run, add --checkpoints all.",
            )


def require_several(groups: int, points: int, by: Iterable[str]) -> None:
    """Refuse two groups or more of one point each.

    Raises:
        FitError: It is so.
    """
    if groups == points > 1:
        raise FitError(
            f"Each of the {groups} groups of {with_and(by)} has only one point, but a fit needs several.",
            hint="Group by a column whose values several runs share; or, if the log has several rows of each run and "
            "each run is to have a fit of its own, add --checkpoints all.",
        )


def codes(column: pl.Series, levels: Sequence[str], name: str) -> Array:
    """The number `(n,)` of each point's label among `levels`.

    Raises:
        DataError: A point has a label that is not among them.
    """
    place = {level: float(code) for code, level in enumerate(levels)}
    found = [place.get(_label(value)) for value in column]
    if None in found:
        other = _label(column[found.index(None)])
        raise DataError(f"{name} is {other!r} at a point, but the law has no parameter for this value.",
                        hint=f"Leave such points out with --where; the law has {', '.join(levels)}.")  # fmt: skip
    return np.array(found, dtype=float)


def flagged(column: pl.Series, none: Sequence[str]) -> Array:
    """0 `(n,)` where a column has one of the words in `none`, 1 elsewhere."""
    return np.array([float(str(value).strip().lower() not in none) for value in column])


def _label(value: object) -> str:
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)
