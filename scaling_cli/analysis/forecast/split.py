"""The split of a budget between params and tokens that a forecast takes where only compute is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN

SIZES = 240  # candidate splits of a budget
SIZE_SPAN = 1e3  # they reach this factor beyond the params of the data
NOWHERE: Mapping[str, float] = MappingProxyType({})

LogLosses = Callable[[Mapping[str, Array]], Array]


def best_split(
    compute: float, params: Array | None, losses: LogLosses, at: Mapping[str, float] = NOWHERE
) -> tuple[float, float]:
    """Params and tokens with the lowest predicted loss for a budget; `at` has the other inputs of the law."""
    around = np.array([1e6, 1e12]) if params is None else params
    sizes = np.geomspace(around.min() / SIZE_SPAN, around.max() * SIZE_SPAN, SIZES)
    tokens = compute / FLOPS_A_PARAM_AND_TOKEN / sizes
    others = {name: np.full(SIZES, amount) for name, amount in at.items()}
    best = int(np.argmin(losses({**others, "params": sizes, "tokens": tokens})))
    return float(sizes[best]), float(tokens[best])
