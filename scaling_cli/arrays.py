"""Names of array types that all layers share, and the distinct values of an array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


Flags: TypeAlias = NDArray[np.bool_]


Indices: TypeAlias = NDArray[np.intp]


Inputs: TypeAlias = Mapping[str, Array]


def distinct(values: NDArray[Any]) -> tuple[NDArray[Any], Indices]:
    """The different values of `values` `(n,)` in order, and the place of each value among them `(n,)`.

    All NaN are one value. np.unique would do, but it imports numpy.ma, which takes a tenth of the time of a small fit.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    is_new = np.ones(len(values), dtype=bool)
    # NaN differs from itself, so two in a row are recognised by that.
    is_new[1:] = (ordered[1:] != ordered[:-1]) & ((ordered[1:] == ordered[1:]) | (ordered[:-1] == ordered[:-1]))
    places = np.empty(len(values), dtype=np.intp)
    places[order] = np.cumsum(is_new) - 1
    return ordered[is_new], places


def summed(values: Array, groups: Indices, count: int) -> Array:
    """The sums `(count, m)` of the rows of `values` `(n, m)` in each group; np.add.at takes several times as long."""
    columns = [np.bincount(groups, column, minlength=count) for column in values.T]
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0))
