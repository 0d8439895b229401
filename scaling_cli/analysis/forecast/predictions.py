"""Forecasts at the targets as plain numbers, and their errors where the loss was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.targets import Places
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band, Prediction, Score

LARGEST_LOG = 300.0  # of a loss, in size
DIRECTIONS = 360  # in which the hull of the points is measured


def predictions(
    places: Places, bands: Bands, *, estimators: Sequence[str], largest: float | None, points: ForecastPoints | None
) -> tuple[Prediction, ...]:
    """A forecast for each place with the name of its estimator; reach is measured from the scale `largest`."""
    reach = None if largest is None else places.scale / largest
    outside = _outside(places, points)
    rows = []
    for i, target in enumerate(places.targets):
        centre, by_law = bands.estimate[i], bands.by_law[:, i]
        if not abs(centre) < LARGEST_LOG:
            raise no_loss(target.at)
        rows.append(
            Prediction(
                at=dict(target.at),
                loss=Estimate(float(np.exp(centre)), *_ends(centre, bands.confidence[i])),
                prediction=Band(*_ends(centre, bands.prediction[i])),
                model_spread=Band(*map(float, np.exp([by_law.min(), by_law.max()]))) if len(by_law) > 1 else Band(),
                reach=None if reach is None else float(reach[i]),
                outside=None if outside is None else float(outside[i]),
                estimator=estimators[i],
                observed=target.observed,
                name=target.run,
            )
        )
    return tuple(rows)


def _ends(centre: float, half: float) -> tuple[float | None, float | None]:
    if not np.isfinite(half) or half > LARGEST_LOG:
        return None, None
    return float(np.exp(centre - half)), float(np.exp(centre + half))


def no_loss(at: Mapping[str, float]) -> FitError:
    """The error for a place at which the law gives no number that a loss could be."""
    where = ", ".join(f"{role} {amount:.3g}" for role, amount in at.items())
    return FitError(
        f"At {where} the law gives a loss that is not above zero, or is too large to compute with.",
        hint="Check the parameters of the law, and choose a target closer to the runs.",
    )


def _outside(places: Places, points: ForecastPoints | None) -> Array | None:
    """Factor `(n,)` by which each place lies outside the hull of the runs' params and tokens, where both are known."""
    if points is None or not has_params_and_tokens(points.columns) or not len(places.targets):
        return None
    known, asked = (np.log(np.stack([columns[name] for name in SURFACE], axis=1))
                    for columns in (points.columns, places.columns))  # fmt: skip
    factor: Array = np.exp(outside_hull(known, asked))
    return factor


def outside_hull(points: Array, targets: Array) -> Array:
    """Distance `(m,)` of targets `(m, 2)` from the convex hull of points `(n, 2)`, zero inside.

    It is the largest distance, over all directions, by which a target lies beyond the points.
    """
    angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    ahead = targets @ directions - (points @ directions).max(axis=0)
    distance: Array = np.maximum(ahead.max(axis=1), 0.0)
    return distance


def score(predictions: Sequence[Prediction]) -> Score | None:
    """The errors of the predictions where the loss was observed; None if it was observed nowhere."""
    pairs = [(one, one.loss.estimate) for one in predictions if one.observed is not None and one.loss.estimate]
    if not pairs:
        return None
    missed = np.array([np.log(estimate / (one.observed or 1.0)) for one, estimate in pairs])
    covered = [
        one.prediction.low <= one.observed <= one.prediction.high
        for one, _ in pairs
        if one.observed is not None and one.prediction.low is not None and one.prediction.high is not None
    ]
    return Score(
        points=len(pairs),
        mape=float(np.mean(np.abs(np.expm1(missed)))),
        rmse_log=float(np.sqrt(np.mean(missed**2))),
        bias_log=float(np.mean(missed)),
        coverage=float(np.mean(covered)) if covered else None,
    )
