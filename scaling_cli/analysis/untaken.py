"""Values of an input that its law cannot take, such as zero where it takes the logarithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws import Law
from scaling_cli.numbers.format import with_and
from scaling_cli.points.mixture import ROUNDED

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


def require_whole(shares: Mapping[str, float], given: str) -> None:
    """Refuse shares of all domains of a mixture that do not add up to one; `given` says where they stand.

    Raises:
        UsageError: They do not.
    """
    total = sum(shares.values())
    if shares and abs(total - 1) > ROUNDED:
        raise UsageError(
            f"{given} {with_and(f'{name} {share:g}' for name, share in shares.items())}, which add up to {total:.4g}, "
            "but shares of a mixture add up to 1.",
            hint="Give shares that add up to 1.",
        )


def remedy(law: Law, name: str) -> str:
    """The values that a law takes of an input, in words."""
    return f"Give values {'of at least' if takes(law, name, [0.0]) else 'above'} 0."
