"""Values of an input that its law cannot take, such as zero where it takes the logarithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.errors import DataError
from scaling_cli.laws import Law

# Of inputs that are not asked about: whether a part of a formula is positive may depend on them.
USUAL = {"params": 1e9, "tokens": 1e11, "compute": 6e20, "unique_tokens": 1e11}


def takes(law: Law, name: str, values: Sequence[float], others: Mapping[str, float] | None = None) -> bool:
    """Whether a law takes these values of an input, beside `others`, or usual values where these are none."""
    if not law.takes(name, np.array(values)):
        return False
    known = USUAL | {other: value for other, value in (others or {}).items() if value > 0}
    columns = {each: np.full(len(values), known.get(each, 1.0)) for each in law.inputs} | {name: np.array(values)}
    try:
        law.prepare(columns)
    except DataError:
        return False
    return True


def remedy(law: Law, name: str) -> str:
    """The values that a law takes of an input, in words."""
    return f"Give values {'of at least' if takes(law, name, [0.0]) else 'above'} 0."
