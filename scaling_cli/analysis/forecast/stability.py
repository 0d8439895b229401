"""Whether the forecast survives leaving out the runs of fewest tokens, or the smallest.

A law that fits all runs alike forecasts the same from any part of them, up to noise. Where early checkpoints or small
runs follow another course, the forecast depends on where they are cut off. The runs that are kept are the same, so
noise moves both forecasts together: what counts is the standard error of their difference, from replicates that
resample the same runs for both (Hausman 1978, by bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.analysis.forecast.candidates import fit_parts, fit_replicates
from scaling_cli.analysis.forecast.stack import predict
from scaling_cli.analysis.forecast.stacked import Forecast
from scaling_cli.analysis.forecast.windows import Points, Window, count_scales
from scaling_cli.arrays import Array
from scaling_cli.record import Record, replace

SHARES = (0.25, 0.5, 0.75)  # of the points, those with fewest tokens, that are left out
FEWEST_POINTS, FEWEST_SCALES = 8, 4  # that a cut-off must leave
FEWEST_RUNS = 6  # to be resampled: of one run every resample is the same
SWING = 0.0025  # in log loss: less is no news
SIGMAS = 3.0
REPLICATES = 40  # enough for a standard error


class Swing(Record):
    """By how much the forecast `(place)` moves, in log loss, without the points below `cutoff`."""

    cutoff: float
    place: int
    shift: float
    standard_error: float


def largest_swing(forecaster: Forecast, columns: Mapping[str, Array]) -> Swing | None:
    """The cut-off that moves a forecast furthest beyond noise; None where none moves it."""
    points = forecaster.stack.points
    parts = _parts(points)
    if not parts or not len(next(iter(columns.values()))) or len(np.unique(points.runs)) < FEWEST_RUNS:
        return None
    fits, mean = forecaster.stack.fits, forecaster.stack.mean
    at_parts = [fit_parts(fit, parts) for fit in fits]
    whole = mean(forecaster.stack.log_losses(columns))
    moved = mean(np.stack([predict(fit, theta, columns) for fit, theta in zip(fits, at_parts, strict=True)])) - whole
    draws = mean(forecaster.stack.replicates([theta[:REPLICATES] for theta in forecaster.draws], columns))
    resampling = replace(forecaster.resampling, replicates=len(draws))
    found = []
    for i, part in enumerate(parts):
        place = int(np.argmax(np.abs(moved[i])))
        if abs(moved[i, place]) < SWING:
            continue
        again = [fit_replicates(fit, resampling, part, theta[i]) for fit, theta in zip(fits, at_parts, strict=True)]
        apart = mean(forecaster.stack.replicates(again, columns)) - draws
        found.append(Swing(part.cutoff, place, float(moved[i, place]), float(apart[:, place].std())))
    beyond = [each for each in found if abs(each.shift) > SIGMAS * each.standard_error]
    return max(beyond, key=lambda each: abs(each.shift), default=None)


def _parts(points: Points) -> list[Window]:
    """The points from each cut-off on, where enough are left."""
    size = points.columns.get("tokens", points.scale)
    found = []
    for cutoff in np.quantile(size, SHARES, method="higher"):
        kept = size >= cutoff
        if not kept.all() and kept.sum() >= FEWEST_POINTS and count_scales(points, kept) >= FEWEST_SCALES:
            found.append(Window(1.0, float(cutoff), kept))
    return found
