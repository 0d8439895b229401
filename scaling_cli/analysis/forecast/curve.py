"""The forecast along scale, for plots."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.forecast.evidence import Evidence
from scaling_cli.analysis.forecast.targets import SURFACE, Places, best_split
from scaling_cli.results.fit import Curve

CURVE_POINTS = 40
MARGIN = 1.3  # of the last target, so that the edge of the plot is not the answer


def forecast_curve(evidence: Evidence, places: Places) -> Curve | None:
    """The forecast with its prediction band along scale, from the smallest run or target to the furthest."""
    span = evidence.span
    if span is None or evidence.points is None:
        return None
    reached = [*span, *places.scale.tolist()]
    scale = np.geomspace(min(reached), max(reached) * MARGIN, CURVE_POINTS)
    if len(evidence.inputs) == 1:
        columns = {next(iter(evidence.inputs)): scale}
    elif set(evidence.inputs) == set(SURFACE):
        splits = [best_split(float(budget), evidence.params, evidence.forecaster.mean) for budget in scale]
        columns = {"params": np.array([each[0] for each in splits]), "tokens": np.array([each[1] for each in splits])}
    else:
        return None
    bands = evidence.forecaster.bands(columns, scale)
    rows = (bands.estimate, bands.estimate - bands.prediction, bands.estimate + bands.prediction)
    x, y, low, high = (tuple(row.tolist()) for row in (scale, *map(np.exp, rows)))
    return Curve(x, y, low, high) if np.isfinite(bands.prediction).all() else Curve(x, y)
