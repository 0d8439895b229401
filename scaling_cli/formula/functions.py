"""What formulas compute with: arithmetic, and the functions that they may call.

`non_embedding(params)` solves params = n + 47491 n^(1/3) for n, which Pearce and Song 2024 (arXiv:2406.12907) fitted to
the models of Hoffmann et al. 2022.

`worn(epochs, half_life)` is the log of how far the sight of repeated samples has moved a power law, where each further
epoch counts half as much after `half_life` epochs (Goyal et al. 2024, arXiv:2404.07177):

    sum over j < epochs of log((j + 1) / j) * 0.5^(j / half_life),

with the exact ratio for an epoch that is not complete.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

import numpy as np

from scaling_cli.arrays import Array

MOST_EPOCHS = 2_000  # further epochs change nothing
PEARCE_SONG = 47491.0  # embedding params are this times the cube root of the others


def non_embedding(params: Array) -> Array:
    """Params without embeddings, from all params."""
    # The one real root of r^3 + w r = params, r the cube root of what is sought (Holmes 2002, Math. Gazette 86, 473).
    scale = np.sqrt(PEARCE_SONG / 3)
    root = 2 * scale * np.sinh(np.arcsinh(params / (2 * scale**3)) / 3)
    cubed: Array = root**3
    return cubed


def with_embedding(params: Array) -> Array:
    """All params, from those without embeddings."""
    total: Array = params + PEARCE_SONG * np.cbrt(params)
    return total


def embedding_growth(params: Array) -> Array:
    """The derivative of all params in those without embeddings, `params`."""
    growth: Array = 1 + PEARCE_SONG / 3 * params ** (-2 / 3)
    return growth


def softplus(values: Array) -> Array:
    """`log(1 + exp(values))`."""
    positive: Array = np.logaddexp(0.0, values)
    return positive


def worn(epochs: Array, half_life: Array) -> Array:
    """The decayed log of epochs; see the module docstring."""
    total: Array = _worn(epochs, half_life)[0]
    return total


def worn_slope(epochs: Array, half_life: Array) -> Array:
    """The derivative of `worn` in the half-life."""
    slope: Array = _worn(epochs, half_life)[1]
    return slope


def _worn(epochs: Array, half_life: Array) -> tuple[Array, Array]:
    epochs, half_life = np.broadcast_arrays(np.asarray(epochs, dtype=float), np.asarray(half_life, dtype=float))
    total, slope = (np.where(np.isnan(epochs), np.nan, 0.0) for _ in range(2))
    most = np.fmax.reduce(epochs, axis=None, initial=1.0)  # also where some are unknown
    for epoch in range(1, int(min(np.ceil(most), MOST_EPOCHS))):
        ratio = np.log(np.clip(epochs, epoch, epoch + 1) / epoch)
        share = ratio * 0.5 ** (epoch / half_life)
        total += share
        slope += share * np.log(2) * epoch / half_life**2
    return total, slope


ARITHMETIC: Mapping[str, Callable[..., Array]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow,
    "neg": operator.neg,
}  # fmt: skip
FUNCTIONS: Mapping[str, tuple[int, Callable[..., Array]]] = {  # with the number of their arguments
    "log": (1, np.log), "exp": (1, np.exp), "sqrt": (1, np.sqrt), "softplus": (1, softplus),
    "non_embedding": (1, non_embedding), "worn": (2, worn), "min": (2, np.minimum), "max": (2, np.maximum),
}  # fmt: skip


def apply(operation: str, *values: Array) -> Array:
    """The value of an operation, or of a function, on these values."""
    function = ARITHMETIC.get(operation) or FUNCTIONS[operation][1]
    return function(*values)
