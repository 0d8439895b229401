"""Read a matrix of outcomes that numpy saved: one row per problem and one column per attempt."""

from __future__ import annotations

import numpy as np
import polars as pl

from scaling_cli.errors import DataError

WIDE = 1000  # columns of an array; above it, the attempts of a problem are a list, which takes less memory
SIZES = (4, 8)  # bytes of the floats that polars knows


def array_rows(path: str) -> pl.LazyFrame:
    """The rows of the file, mapped into memory in the type that it has.

    Raises:
        DataError: It is damaged, or no matrix of numbers.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)  # fails if the file is shorter than it says
    except (ValueError, OverflowError):
        raise DataError(
            f"{path} is a numpy file that is damaged or holds Python objects.",
            hint="Save a matrix of 0 and 1 with numpy.save.",
        ) from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"{path} holds values that are not numbers.", hint="Save a matrix of 0 and 1 with numpy.save.")
    if array.ndim != 2:
        raise DataError(
            f"{path} holds an array of {array.ndim} dimensions, not 2.",
            hint="Save a matrix with one row per problem and one column per attempt.",
        )
    if array.shape[1] > WIDE:
        return pl.DataFrame({"correct": pl.Series(array).arr.to_list()}).lazy()
    known = array.astype(np.float64) if array.dtype.kind == "f" and array.dtype.itemsize not in SIZES else array
    return pl.DataFrame({f"a{place}": pl.Series(known[:, place]) for place in range(array.shape[1])}).lazy()
