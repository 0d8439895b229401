"""Tuned quantities that change together with tokens, so that a law cannot tell their effects from each other.

A learning rate that falls with the size of the model is good practice. One that also changes with tokens, between runs
of equal params, is a second reason for which losses of longer runs differ. It is found by the partial correlation of
log rate and log tokens beside log params.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from scaling_cli.arrays import Array

SHARE = 0.7  # of the variance of the log rate at equal params, which tokens explain
CHANCE = 1e-3
LEAST = 0.05  # standard deviation of the log rate, and of log tokens, at equal params


def tied_to_tokens(inputs: Mapping[str, Array], rates: Mapping[str, Array]) -> Iterator[str]:
    """The rates that change with tokens at equal params.

    Args:
        inputs: Log inputs by name, `(n,)`.
        rates: Rates by role, `(n,)`, NaN where they are not known.
    """
    if "tokens" not in inputs:
        return
    for role, values in rates.items():
        known = values > 0
        spare = int(known.sum()) - 3
        if spare < 3:
            continue
        rest = [
            _beside(part[known], inputs.get("params", np.zeros(len(known)))[known])
            for part in (np.log(np.where(known, values, 1.0)), inputs["tokens"])
        ]
        if min(part.std() for part in rest) < LEAST:
            continue
        share = float((rest[0] @ rest[1]) ** 2 / (rest[0] @ rest[0]) / (rest[1] @ rest[1]))
        if share >= SHARE and _chance(share, spare) < CHANCE:
            yield role


def _chance(share: float, spare: int) -> float:
    """The chance of at least this partial correlation, squared, without any: a two-sided t test."""
    from scipy.special import stdtr  # slow to import, and rarely needed

    return float(2 * stdtr(spare, -np.sqrt(spare * share / max(1 - share, 1e-12))))


def _beside(values: Array, params: Array) -> Array:
    """What is left of the values beside a line in log params."""
    line = np.stack([np.ones(len(values)), params - params.mean()], axis=1)
    return np.asarray(values - line @ np.linalg.lstsq(line, values, rcond=None)[0])
