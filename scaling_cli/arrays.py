"""Names of array types that all layers share, and the distinct values of an array."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALMOST_ZERO = 1e-300  # takes the place of zero where something is divided by it, or its logarithm is taken
NORMAL_95 = 1.959964  # standard deviations on either side of the mean that hold 95 % of a normal distribution

# What numpy.typing calls NDArray[np.float64]: a small fit does not need that module.
Array: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]


Flags: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.bool_]]


Indices: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.intp]]


Inputs: TypeAlias = Mapping[str, Array]


def distinct(values: NDArray[Any]) -> tuple[NDArray[Any], Indices]:
    """The different values of `values` `(n,)` in order, and the place of each value among them `(n,)`.

    All NaN are one value. np.unique would do, but it imports numpy.ma, which takes a tenth of the time of a small fit.
    """
    # The default is the quickest for numbers in any order, the stable sort for whole numbers that are nearly in order.
    order = np.argsort(values, kind=None if values.dtype.kind == "f" else "stable")
    ordered = values[order]
    is_new = np.ones(len(values), dtype=bool)
    # NaN differs from itself, so two in a row are recognised by that.
    is_new[1:] = (ordered[1:] != ordered[:-1]) & ((ordered[1:] == ordered[1:]) | (ordered[:-1] == ordered[:-1]))
    places = np.empty(len(values), dtype=np.intp)
    places[order] = np.cumsum(is_new) - 1
    return ordered[is_new], places


def numbered_columns(columns: Array) -> Indices:
    """The number of the distinct point of each column of `columns` `(inputs, n)`. np.unique would import numpy.ma."""
    order = np.lexsort(columns)
    starts = np.concatenate([[0], (np.diff(columns[:, order], axis=1) != 0).any(axis=0).astype(np.int64)])
    numbers = np.empty(columns.shape[1], dtype=np.int64)
    numbers[order] = np.cumsum(starts)
    return numbers


def mean_ranks(values: NDArray[Any]) -> Array:
    """The rank of each value `(n,)`, from 0.5 to n - 0.5; equal values share their mean rank."""
    places = distinct(values)[1]
    counts = np.bincount(places)
    return np.asarray((np.cumsum(counts) - counts / 2)[places])


def packed(values: Array) -> Sequence[float]:
    """Numbers in a third of the memory that a tuple of them takes."""
    return array("d", np.asarray(values, dtype=float).tobytes())


def summed(values: Array, groups: Indices, count: int, times: Array | float = 1.0) -> Array:
    """The sums `(count, m)` of the rows of `values` `(n, m)`, times a number for each `(n,)`, in each group.

    np.add.at takes several times as long.
    """
    sums = np.empty((values.shape[1], count))
    for row, column in zip(sums, values.T, strict=True):
        row[:] = np.bincount(groups, column * times, minlength=count)
    return sums.T


def from_coordinates(by_coordinate: Array) -> Array:
    """A Jacobian `(replicates, n, k)` from one derivative after the other `(k, replicates, n)`, without a copy.

    Stored in this order, the derivative in one coordinate is one stretch of memory. Numpy passes over that several
    times faster than over a stretch per replicate, where each replicate has few points.
    """
    return by_coordinate.transpose(1, 2, 0)


def by_coordinates(jacobian: Array) -> Array:
    """The inverse of `from_coordinates`: `(k, replicates, n)` from `(replicates, n, k)`."""
    return jacobian.transpose(2, 0, 1)
