"""Kaplan or Chinchilla: how the count of params and the range of sizes change the exponent of best params.

Kaplan et al. 2020 counted params without embeddings and found N* ~ C^0.73; Hoffmann et al. 2022 counted all params and
found C^0.5. Pearce and Song 2024 (arXiv:2406.12907) showed that the law of Hoffmann et al., with the counts and the
sizes of Kaplan et al., gives 0.74 to 0.78. This module repeats their analysis for any Chinchilla law: at the best split
of a budget counted without embeddings,

    alpha A N^(-alpha-1) (dN/dn) n = beta B D^-beta,   n params without embeddings, N all of them, C = 6 n D,

so tokens and compute follow from n, and the exponent is the slope of log n over log C.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.allocation.surface import Chinchilla
from scaling_cli.errors import FitError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.formula.functions import embedding_growth, non_embedding, with_embedding
from scaling_cli.results.allocation import Gap

KAPLAN_SIZES = (768.0, 1.5e9)  # params without embeddings: Kaplan et al. 2020, section 3
FRONTIER_SIZES = (1e10, 1e12)
POINTS = 2_000


def explain_gap(law: Chinchilla, params: tuple[float, float] | None) -> tuple[Gap, ...]:
    """The exponent for all params, and for params without embeddings over several ranges of sizes.

    The ranges are those of Kaplan et al., of the data, and of large models.

    Raises:
        FitError: The loss does not fall along both params and tokens, so that no split is the best.
    """
    if not all(values[0] > 0 for values in (law.A, law.B, law.alpha, law.beta)):
        raise FitError(
            "--explain-gap compares best splits, but by this law the loss does not fall along both params and tokens.",
            hint="Leave --explain-gap out, or fit the law to runs that vary both.",
        )
    exponent = float(law.params_exponent[0])
    rows = [Gap("all params", params or FRONTIER_SIZES, exponent)]
    ranges = [KAPLAN_SIZES, FRONTIER_SIZES]
    if params is not None and params[1] > params[0]:
        low, high = non_embedding(np.array(params))
        ranges.insert(1, (float(low), float(high)))
    return (*rows, *(Gap("without embeddings", span, _exponent(law, span)) for span in ranges))


def _exponent(law: Chinchilla, span: tuple[float, float]) -> float:
    """Slope of log params without embeddings over log compute, at evenly spaced log compute."""
    small = np.geomspace(*span, POINTS)
    log_capacity = (
        np.log(law.alpha[0] * law.A[0])
        - (law.alpha[0] + 1) * np.log(with_embedding(small))
        + np.log(embedding_growth(small) * small)
    )
    log_tokens = (np.log(law.beta[0] * law.B[0]) - log_capacity) / law.beta[0]
    log_compute = np.log(FLOPS_A_PARAM_AND_TOKEN * small) + log_tokens
    even = np.linspace(log_compute[0], log_compute[-1], POINTS)
    return float(np.polyfit(even, np.interp(even, log_compute, np.log(small)), 1)[0])
