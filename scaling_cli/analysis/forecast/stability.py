"""Whether the forecast changes if the runs with fewest tokens, or the smallest runs, are left out.

A law that fits all runs gives equal forecasts from any part of them, up to noise. If early checkpoints or small runs
follow a different law, the forecast depends on the cut-off below which they are left out. Both forecasts share the runs
that are kept, so their errors are correlated; the test uses the standard error of their difference, from replicates
that resample equal runs for both (Hausman 1978, by bootstrap). The plain fit of the simplest law does not take part:
without weak priors, a part of the runs need not determine it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.analysis.forecast.candidates import fit_parts, fit_replicates
from scaling_cli.analysis.forecast.stack import predict
from scaling_cli.analysis.forecast.stacked import StackedForecast
from scaling_cli.analysis.forecast.windows import ForecastPoints, Window, count_scales
from scaling_cli.arrays import Array
from scaling_cli.fitting.ask import Asking, certain, side_by_side
from scaling_cli.record import Record, replace

SHARES = (0.25, 0.5, 0.75)  # of the points: those with fewest tokens are left out
FEWEST_POINTS, FEWEST_SCALES = 8, 4  # that a cut-off must leave
FEWEST_RUNS = 6  # needed for resampling
SWING = 0.0025  # in log loss: smaller changes are ignored
SIGMAS = 3.0
REPLICATES = 40  # enough for a standard error


class Swing(Record):
    """The change of the forecast at index `place`, in log loss, if points below `cutoff` are left out."""

    cutoff: float
    place: int
    shift: float
    standard_error: float


def largest_swing(forecaster: StackedForecast, columns: Mapping[str, Array]) -> Asking[Swing | None]:
    """The cut-off with the largest change of a forecast that noise does not explain; None if there is none."""
    averaged = forecaster.averaged
    points = averaged.points
    parts = _parts(points)
    if not parts or not len(next(iter(columns.values()))) or len(np.unique(points.runs)) < FEWEST_RUNS:
        return None
    fits, mean = averaged.fits, averaged.mean
    at_parts = certain((yield from side_by_side([fit_parts(fit, parts) for fit in fits])))
    whole = mean(averaged.log_losses(columns))
    moved = mean(np.stack([predict(fit, theta, columns) for fit, theta in zip(fits, at_parts, strict=True)])) - whole
    draws = mean(averaged.replicates([theta[:REPLICATES] for theta in forecaster.draws[: len(fits)]], columns))
    resampling = replace(forecaster.resampling, replicates=len(draws))
    swings = []
    for i, part in enumerate(parts):
        place = int(np.argmax(np.abs(moved[i])))
        if abs(moved[i, place]) < SWING:
            continue
        pairs = zip(fits, at_parts, strict=True)
        works = [fit_replicates(fit, resampling, part, theta[i]) for fit, theta in pairs]
        again = certain((yield from side_by_side(works)))
        difference = mean(averaged.replicates(again, columns)) - draws
        swings.append(Swing(part.cutoff, place, float(moved[i, place]), float(difference[:, place].std())))
    beyond = [swing for swing in swings if abs(swing.shift) > SIGMAS * swing.standard_error]
    return max(beyond, key=lambda swing: abs(swing.shift), default=None)


def _parts(points: ForecastPoints) -> list[Window]:
    """The points above each cut-off that leaves enough of them."""
    size = points.columns.get("tokens", points.scale)
    parts = []
    for cutoff in np.quantile(size, SHARES, method="higher"):
        kept = size >= cutoff
        if not kept.all() and kept.sum() >= FEWEST_POINTS and count_scales(points, kept) >= FEWEST_SCALES:
            parts.append(Window(1.0, float(cutoff), kept))
    return parts
