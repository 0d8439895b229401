"""A published fit as a saved fit: its parameters, and draws from its covariance in place of replicates."""

from __future__ import annotations

import numpy as np

from scaling_cli.document.saved_fit import SavedFit, SavedInterval
from scaling_cli.laws.published import published_law
from scaling_cli.results.fit import Estimate

DRAWS = 1000


def published_fit(text: str, *, level: float = 0.95, seed: int = 0) -> SavedFit:
    """The fit that `NAME:FIT` names, as `scaling fit -o` would have saved it.

    Raises:
        UsageError: There is no such law, or no such fit of it.
    """
    known = published_law(text)
    draws = known.draws(DRAWS, seed)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    parameters = {
        name: Estimate(float(value), float(least), float(most))
        for name, value, least, most in zip(known.law.names, known.parameters, low, high, strict=True)
    }
    return SavedFit(
        known.law.name, parameters, inputs=known.roles,
        draws=tuple(map(tuple, draws.tolist())), interval=SavedInterval(None),
    )  # fmt: skip
