"""Whether a law leaves residuals that are larger than noise between runs can be."""

from __future__ import annotations

import numpy as np

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.numbers.format import percent
from scaling_cli.numbers.surface import has_params_and_tokens

POOR_CURVE = (0.05, 0.92)  # rmse of log loss that is as large, and R2 that is as small
POOR_SURFACE = (0.03, 0.95)  # runs of equal params and tokens do not differ by several percent


def scatter_doubts(fitted: Fitted, group: dict[str, str] | None) -> list[Caveat]:
    """A caveat if the residuals are large and the law explains little of the spread."""
    observed = fitted.problem.observed
    if not fitted.has_logs or (observed <= 0).any() or len(observed) <= len(fitted.theta) + 2:
        return []
    rmse = float(np.sqrt(np.mean(fitted.log_residuals**2)))
    spread = float(np.std(np.log(observed)))
    least, most = POOR_SURFACE if has_params_and_tokens(fitted.problem.law.inputs) else POOR_CURVE
    if rmse < least or rmse**2 < (1 - most) * spread**2:
        return []
    share = max(1 - rmse**2 / spread**2, 0.0)
    return [caveat("poor-fit", group, law=fitted.problem.law.name, share=share, rmse=percent(rmse))]
