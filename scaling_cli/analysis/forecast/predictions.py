"""Forecasts at the targets as plain numbers, and how they compare with what was observed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.reach import outside_hull
from scaling_cli.analysis.forecast.targets import SURFACE, Places
from scaling_cli.analysis.forecast.windows import Points
from scaling_cli.arrays import Array
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band, Prediction, Score


def predictions(
    places: Places, bands: Bands, *, estimators: Sequence[str], largest: float | None, points: Points | None
) -> tuple[Prediction, ...]:
    """A forecast for each place, by its estimator; `largest` is the scale that reach is counted from, where known."""
    reach = None if largest is None else places.scale / largest
    outside = _outside(places, points)
    found = []
    for i, target in enumerate(places.targets):
        centre, apart = bands.estimate[i], bands.by_law[:, i]
        found.append(
            Prediction(
                at=dict(target.at),
                loss=Estimate(float(np.exp(centre)), *_ends(centre, bands.confidence[i])),
                prediction=Band(*_ends(centre, bands.prediction[i])),
                model_spread=Band(*map(float, np.exp([apart.min(), apart.max()]))) if len(apart) > 1 else Band(),
                reach=None if reach is None else float(reach[i]),
                outside=None if outside is None else float(outside[i]),
                estimator=estimators[i],
                observed=target.observed,
                name=target.run,
            )
        )
    return tuple(found)


def _ends(centre: float, half: float) -> tuple[float | None, float | None]:
    if not np.isfinite(half):
        return None, None
    return float(np.exp(centre - half)), float(np.exp(centre + half))


def _outside(places: Places, points: Points | None) -> Array | None:
    """Factors `(n,)` outside the hull of params and tokens, where both are known."""
    if points is None or not set(SURFACE) <= set(points.columns) or not len(places.targets):
        return None
    known, asked = (np.log(np.stack([columns[name] for name in SURFACE], axis=1))
                    for columns in (points.columns, places.columns))  # fmt: skip
    factor: Array = np.exp(outside_hull(known, asked))
    return factor


def score(predictions: Sequence[Prediction]) -> Score | None:
    """How the predictions compare with what was observed; None where nothing was."""
    pairs = [(each, each.loss.estimate) for each in predictions if each.observed is not None and each.loss.estimate]
    if not pairs:
        return None
    missed = np.array([np.log(estimate / (each.observed or 1.0)) for each, estimate in pairs])
    covered = [
        each.prediction.low <= each.observed <= each.prediction.high
        for each, _ in pairs
        if each.observed is not None and each.prediction.low is not None and each.prediction.high is not None
    ]
    return Score(
        points=len(pairs),
        mape=float(np.mean(np.abs(np.expm1(missed)))),
        rmse_log=float(np.sqrt(np.mean(missed**2))),
        bias_log=float(np.mean(missed)),
        coverage=float(np.mean(covered)) if covered else None,
    )
