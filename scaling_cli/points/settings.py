"""Settings of runs that take many values, such as a weight decay or a share of code, which a law may ignore."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from scaling_cli.arrays import Array
from scaling_cli.data.runs.aside import words

# Words in names of columns that hold a choice made before training, and not what came of it.
SETTINGS = {
    *("weight", "decay", "wd", "dropout", "warmup", "momentum", "beta", "beta1", "beta2", "eps", "epsilon", "clip"),
    *("fraction", "frac", "proportion", "share", "mix", "mixture", "ratio", "pct", "percentage", "sparsity"),
    *("lr", "learning", "batch", "context", "ctx", "seq", "seqlen", "sequence", "vocab", "vocabulary", "mask"),
    *("depth", "width", "layer", "layers", "heads", "dim", "hidden", "smoothing", "augmentation", "threshold"),
}
WIDE = 10.0  # positive values that differ by such a factor are compared by their logarithms


def settings(columns: Mapping[str, pl.Series], most_levels: int) -> dict[str, Array]:
    """The terms `(n, 2)` of each numeric setting of more than `most_levels` values: linear and quadratic."""
    return {
        name: _terms(values.cast(pl.Float64).to_numpy())
        for name, values in columns.items()
        if values.dtype.is_numeric()
        and words(name) & SETTINGS
        and _is_known(values)
        and values.n_unique() > most_levels
    }


def _is_known(values: pl.Series) -> bool:
    return values.dtype.is_numeric() and values.null_count() == 0 and bool(values.cast(pl.Float64).is_finite().all())


def _terms(values: Array) -> Array:
    if values.min() > 0 and values.max() > WIDE * values.min():
        values = np.log(values)
    values = (values - values.mean()) / (values.std() or 1.0)
    return np.stack([values, values**2], axis=1)
