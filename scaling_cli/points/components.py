"""Principal components of columns, as the formula of an observational law (Ruan et al. 2024, arXiv:2405.10938).

Scores on benchmarks rise together, so weights of single benchmarks are hardly determined, while those of their first
components are. The columns are standardised; components come from their singular value decomposition. Each is written
out as a sum over the columns, so that the law can be used wherever these columns are known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from scaling_cli.data.names import column_of
from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.format import percent

DIGITS = 6
LEAST_SHARE = 1e-9  # of the variance, below which a component is rounding


def components_formula(frame: pl.DataFrame, columns: Sequence[str], count: int) -> tuple[str, str]:
    """The formula of a sigmoid of the first `count` components, and how much of the variance they have.

    Raises:
        UsageError: There are not so many components.
        DataError: A column does not exist, is constant, or does not hold numbers.
    """
    if not 1 <= count <= len(columns):
        raise UsageError(
            f"--components is {count}, but --x names {len(columns)} columns.",
            hint=f"Give a number from 1 to {len(columns)}, or name more columns.",
        )
    values = _values(frame, columns)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    for name, spread in zip(columns, deviation, strict=True):
        if not spread > 0:
            raise DataError(f"{name} has one value in all rows.", hint="Leave it out of --x.")
    _, sizes, axes = np.linalg.svd((values - mean) / deviation, full_matrices=False)
    shares = sizes**2 / np.sum(sizes**2)
    known = int((shares >= LEAST_SHARE).sum())
    if known < count:
        raise UsageError(
            f"The columns vary along {known} directions only, and --components is {count}.",
            hint="Give fewer components.",
        )
    axes = axes * np.where(axes.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    terms = [
        f"w_pc{number + 1}*({_sum(columns, axis / deviation, float(-(axis / deviation) @ mean))})"
        for number, axis in enumerate(axes[:count])
    ]
    said = f"{percent(float(shares[:count].sum()), 3)} of the variance of {', '.join(columns)}"
    which = "the first component has" if count == 1 else f"the first {count} components have"
    return f"1/(1 + exp(-(a + {' + '.join(terms)})))", f"{which} {said}"


def _values(frame: pl.DataFrame, columns: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The columns `(n, columns)` of the rows that have all of them."""
    names = [column_of(frame.columns, name) for name in columns]
    for name, read in zip(columns, names, strict=True):
        if read not in frame.columns or not frame[read].dtype.is_numeric():
            raise DataError(f"There is no column of numbers {name!r}.", hint="`scaling columns` lists the columns.")
    return frame.select(names).drop_nulls().to_numpy().astype(float)


def _sum(columns: Sequence[str], slopes: Sequence[float], constant: float) -> str:
    parts = [f"{slope:.{DIGITS}g}*{name}" for name, slope in zip(columns, slopes, strict=True)]
    return " + ".join([*parts, f"{constant:.{DIGITS}g}"]).replace("+ -", "- ")
