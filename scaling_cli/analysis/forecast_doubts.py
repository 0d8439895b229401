"""What makes a forecast doubtful: its distance from the data, and what the data themselves say against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast import Forecast
from scaling_cli.analysis.forecast_result import Prediction
from scaling_cli.analysis.forecaster import Bands, Forecaster
from scaling_cli.analysis.reach import FAR, NOTED
from scaling_cli.analysis.stack import stack
from scaling_cli.analysis.targets import Places
from scaling_cli.analysis.windows import Points
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.quantities import count, figure, flops
from scaling_cli.errors import FitError

OFTEN_RISING = 0.1  # share of pairs
RISE = 3.0  # noise scales by which the larger run must be worse
FEWEST_HALF = 8  # points in the larger half for it to be fitted alone
FEWEST_PAIRS = 5
MOST_POINTS = 3_000  # for pairs: more are thinned


def place_name(at: Mapping[str, float]) -> str:
    """A target as a reader names it: 70B params, 1.4T tokens."""
    told = {"params": count, "tokens": count, "compute": flops}
    known = {role: amount for role, amount in at.items() if role != "compute" or len(at) == 1}
    return ", ".join(f"{told.get(role, figure)(amount)} {'FLOPs' if role == 'compute' else role}"
                     for role, amount in known.items())  # fmt: skip


def prediction_doubts(predictions: Sequence[Prediction], places: Places, group: dict[str, str]) -> list[Caveat]:
    """About the furthest target, and about splits that the laws chose."""
    found = [caveat("optimal-split", group or None, compute=flops(budget)) for budget in places.split[:1]]
    far = [each for each in predictions if each.reach is not None and each.reach > FAR]
    if far:
        furthest = max(far, key=lambda each: each.reach or 0.0)
        found.append(caveat("far-forecast", group or None, place=place_name(furthest.at), reach=furthest.reach))
    off = [each for each in predictions if (each.outside or 1.0) > NOTED and (each.reach or 1.0) <= NOTED]
    if off:
        furthest = max(off, key=lambda each: each.outside or 0.0)
        found.append(caveat("off-hull", group or None, place=place_name(furthest.at), outside=furthest.outside))
    return found


def run_doubts(
    forecaster: Forecaster, points: Points, places: Places, bands: Bands, group: dict[str, str]
) -> list[Caveat]:
    """What the runs say against the forecast."""
    found = []
    if isinstance(forecaster, Forecast):
        if not forecaster.errors:
            found.append(caveat("no-rolling-origin", group or None, points=len(points)))
        found += _instability(forecaster, points, places, bands, group)
    several = len(points) - len(np.unique(points.runs))
    if several:
        found.append(caveat("mid-schedule-points", group or None, runs=_repeated_runs(points)))
    return found + _rising(points, forecaster.noise or 0.0, group)


def pooled_sizes(params: Sequence[float], inputs: Mapping[str, str], group: dict[str, str]) -> list[Caveat]:
    """Whether runs of several sizes are taken for one curve along an input that does not know them."""
    sizes = len(set(params))
    column = next(iter(inputs.values()))
    if len(inputs) > 1 or column in ("params", "compute") or sizes < 2:
        return []
    return [caveat("pooled-sizes", group or None, sizes=sizes, column=column)]


def _repeated_runs(points: Points) -> int:
    return int((np.bincount(points.runs) > 1).sum())


def _instability(
    forecaster: Forecast, points: Points, places: Places, bands: Bands, group: dict[str, str]
) -> list[Caveat]:
    """Whether the larger half of the runs, by tokens where they are an input, forecasts something else."""
    size = points.columns.get("tokens", points.scale)
    larger = size > np.median(size)
    if larger.sum() < FEWEST_HALF or not len(places.targets):
        return []
    try:
        half = stack([fit.law for fit in forecaster.stack.fits], points.at(larger), ())
    except FitError:
        return []
    if len(half.fits) < len(forecaster.stack.fits):
        return []
    weighed = forecaster.stack.mean(half.log_losses(places.columns))
    shift = weighed - bands.estimate
    worst = int(np.argmax(np.abs(shift) / bands.confidence))
    if abs(shift[worst]) <= bands.confidence[worst]:
        return []
    place = place_name(places.targets[worst].at)
    return [caveat("unstable-forecast", group or None, place=place, shift=float(np.expm1(shift[worst])))]


def _rising(points: Points, noise: float, group: dict[str, str]) -> list[Caveat]:
    """Whether runs that differ in one input alone get worse as it grows."""
    if set(points.columns) != {"params", "tokens"} or len(points) > MOST_POINTS:
        return []
    params, tokens, loss = np.log(points.columns["params"]), np.log(points.columns["tokens"]), np.log(points.observed)
    same = np.abs(params[:, None] - params[None]) < 1e-6
    more = tokens[None] - tokens[:, None] > 1e-6
    pairs = same & more
    if pairs.sum() < FEWEST_PAIRS:
        return []
    share = float((loss[None] - loss[:, None] > RISE * noise)[pairs].mean())
    return [caveat("rising-loss", group or None, role="tokens", share=share)] if share > OFTEN_RISING else []
