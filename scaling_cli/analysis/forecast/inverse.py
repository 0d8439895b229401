"""The scale at which a target loss is reached, with an interval, and the probability that it is reached at all.

Both come from the forecast along scale. The estimate is the scale at which the forecast falls to the target, and the
ends are the scales at which the ends of its interval do. The probability is the largest one, over all scales, that the
loss is below the target. So an end is missing exactly if the probability is too small for it. A metric that grows
reaches a target from below: there its negative log takes the place of log loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np

from scaling_cli.analysis.forecast.forecaster import Bands, Forecaster
from scaling_cli.analysis.forecast.split import best_split
from scaling_cli.arrays import Array
from scaling_cli.data.names import inputs_in_words
from scaling_cli.errors import UsageError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, scale_name
from scaling_cli.numbers.surface import SURFACE
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Inverse

STEPS = 56  # scales along which the forecast is followed
BEFORE = 1e2  # the search starts at the smallest run divided by this: a loss reached below gets no scale
BEYOND = 1e9  # times the largest run: a loss reached beyond gets no scale


def inverse(
    forecaster: Forecaster,
    target_losses: Sequence[float],
    *,
    inputs: Mapping[str, str],
    span: tuple[float, float],
    params: Array | None,
    fixed_params: float | None = None,
) -> tuple[Inverse, ...]:
    """The scale at which each target is reached: of the one input, of compute at its best split, or at fixed params.

    Args:
        span: Smallest and largest scale of the data.
        params: Params of the data, if they are an input.
    """
    scale = np.geomspace(span[0] / BEFORE, span[1] * BEYOND, STEPS)
    columns = _path(forecaster, scale, inputs, params, fixed_params)
    scale, columns, bands = _known(scale, columns, forecaster.bands(columns, scale))
    spread = bands.confidence / NormalDist().inv_cdf(0.5 + forecaster.interval().level / 2)
    sign = -1.0 if bands.estimate[-1] > bands.estimate[0] else 1.0
    middle = sign * bands.estimate
    inverses = []
    for target in target_losses:
        level = sign * float(np.log(target))
        ends = [
            _crossing(scale, curve, level) for curve in (middle, middle - bands.confidence, middle + bands.confidence)
        ]
        at = {} if ends[0] is None else {
            inputs[name]: float(np.exp(np.interp(np.log(ends[0]), np.log(scale), np.log(values))))
            for name, values in columns.items()
        }  # fmt: skip
        reachable = _probability(middle, spread, level)
        inverses.append(Inverse(target, scale_name(inputs), Estimate(*ends), reachable, at))
    return tuple(inverses)


def _known(scale: Array, columns: dict[str, Array], bands: Bands) -> tuple[Array, dict[str, Array], Bands]:
    """The scales at which the forecast has a logarithm; that of accuracy has none where its curve is below zero."""
    is_known = np.isfinite(bands.estimate)
    if np.isfinite(bands.confidence).any():
        is_known &= np.isfinite(bands.confidence)
    if is_known.all() or is_known.sum() < 2:
        return scale, columns, bands
    kept = Bands(
        bands.estimate[is_known], bands.confidence[is_known], bands.prediction[is_known], bands.by_law[:, is_known]
    )
    return scale[is_known], {name: values[is_known] for name, values in columns.items()}, kept


def _path(
    forecaster: Forecaster, scale: Array, inputs: Mapping[str, str], params: Array | None, fixed: float | None
) -> dict[str, Array]:
    """Inputs along `scale`."""
    if len(inputs) == 1:
        return {next(iter(inputs)): scale}
    if set(inputs) != set(SURFACE):
        raise UsageError(
            "--target-loss needs a law of one input, or of params and tokens, but this is a law of "
            f"{inputs_in_words(tuple(inputs), inputs)}.",
            hint="Use --at instead of --target-loss, or choose a law of one input or of params and tokens.",
        )
    if fixed is not None:
        sizes = np.full(len(scale), fixed)
    else:
        # The best split hardly depends on the replicate, so all bands are computed at the estimate's split.
        sizes = np.array([best_split(float(budget), params, forecaster.mean)[0] for budget in scale])
    return {"params": sizes, "tokens": scale / FLOPS_A_PARAM_AND_TOKEN / sizes}


def _probability(estimate: Array, spread: Array, level: float) -> float:
    """Probability that the loss falls to a level at some scale; without an interval 1 or 0, by the estimate."""
    with np.errstate(divide="ignore", invalid="ignore"):
        furthest = float(np.max((level - estimate) / spread))
    if not np.isfinite(furthest):
        return float((estimate <= level).any())
    return NormalDist().cdf(furthest)


def _crossing(scale: Array, curve: Array, level: float) -> float | None:
    """The first scale at which a curve falls to a level, by linear interpolation in logs; None if outside the steps."""
    if not np.isfinite(curve).all():
        return None
    below = np.flatnonzero(curve <= level)
    if not len(below) or below[0] == 0:
        return None
    index = int(below[0])
    share = (curve[index - 1] - level) / (curve[index - 1] - curve[index])
    return float(np.exp(np.log(scale[index - 1]) + share * np.log(scale[index] / scale[index - 1])))
