"""The scale at which a loss is reached, with its interval, and the probability that it is reached at all.

Both are read off the forecast of the law along scale: the estimate where the forecast passes the loss, the ends where
those of its interval do, and the probability that of the forecast where it is largest. So an end is missing just where
the probability leaves too little for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np

from scaling_cli.analysis.forecast.forecaster import Forecaster
from scaling_cli.analysis.forecast.targets import best_split
from scaling_cli.arrays import Array
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Inverse

STEPS = 56  # scales along which the forecast is followed
BEFORE = 1e2  # from the smallest run divided by this: a loss that is passed before has no scale either
BEYOND = 1e9  # times the largest run: further off, no scale is named


def inverse(
    forecaster: Forecaster,
    target_losses: Sequence[float],
    *,
    inputs: Mapping[str, str],
    span: tuple[float, float],
    params: Array | None,
    fixed_params: float | None = None,
) -> tuple[Inverse, ...]:
    """Where each target is reached along the one input, the best splits of compute, or tokens at fixed params.

    Args:
        span: Least and largest scale of the data.
        params: Those of the data, where they are an input.
    """
    scale = np.geomspace(span[0] / BEFORE, span[1] * BEYOND, STEPS)
    columns = _path(forecaster, scale, inputs, params, fixed_params)
    bands = forecaster.bands(columns, scale)
    spread = bands.confidence / NormalDist().inv_cdf(0.5 + forecaster.interval().level / 2)
    found = []
    for target in target_losses:
        ends = [_crossing(scale, curve, float(np.log(target)))
                for curve in (bands.estimate, bands.estimate - bands.confidence, bands.estimate + bands.confidence)
                ]  # fmt: skip
        at = {} if ends[0] is None else {
            inputs[name]: float(np.exp(np.interp(np.log(ends[0]), np.log(scale), np.log(values))))
            for name, values in columns.items()
        }  # fmt: skip
        reachable = _probability(bands.estimate, spread, float(np.log(target)))
        name = "compute" if set(inputs) >= {"params", "tokens"} else next(iter(inputs.values()))
        found.append(Inverse(target, name, Estimate(*ends), reachable, at))
    return tuple(found)


def _path(
    forecaster: Forecaster, scale: Array, inputs: Mapping[str, str], params: Array | None, fixed: float | None
) -> dict[str, Array]:
    """Inputs along `scale`."""
    if len(inputs) == 1:
        return {next(iter(inputs)): scale}
    if fixed is not None:
        sizes = np.full(len(scale), fixed)
    else:
        # The best split hardly depends on replicates, so the bands are asked once for all budgets, at its place.
        sizes = np.array([best_split(float(budget), params, forecaster.mean)[0] for budget in scale])
    return {"params": sizes, "tokens": scale / FLOPS_A_PARAM_AND_TOKEN / sizes}


def _probability(estimate: Array, spread: Array, level: float) -> float:
    """That a forecast is down to a level anywhere; of one without an interval, whether its estimate is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        furthest = float(np.max((level - estimate) / spread))
    if not np.isfinite(furthest):
        return float((estimate <= level).any())
    return NormalDist().cdf(furthest)


def _crossing(scale: Array, curve: Array, level: float) -> float | None:
    """The first scale at which a curve is down to a level, between steps as a line in logs; None before all steps."""
    if not np.isfinite(curve).all():
        return None
    below = np.flatnonzero(curve <= level)
    if not len(below) or below[0] == 0:
        return None
    index = int(below[0])
    share = (curve[index - 1] - level) / (curve[index - 1] - curve[index])
    return float(np.exp(np.log(scale[index - 1]) + share * np.log(scale[index] / scale[index - 1])))
