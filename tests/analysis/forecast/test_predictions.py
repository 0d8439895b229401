"""Forecasts at targets as plain numbers, and their errors."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.predictions import outside_hull, predictions, score
from scaling_cli.analysis.forecast.targets import Places, Target
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.errors import FitError
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band, Prediction

PLACES = Places(
    (Target({"compute": 1e21}, observed=2.0, run="big"), Target({"compute": 1e23})),
    {"x": np.array([1e21, 1e23])}, np.array([1e21, 1e23]),
)  # fmt: skip
BANDS = Bands(
    np.log([2.1, 1.9]), np.array([0.01, 0.02]), np.array([0.05, 0.06]), np.log([[2.0, 1.8], [2.2, 1.95], [2.1, 1.9]])
)


def made(bands=BANDS, places=PLACES, **more):
    options = {"estimators": ("forecast", "inside"), "largest": 1e22, "points": None, **more}
    return predictions(places, bands, **options)


def test_a_forecast_has_its_loss_bands_spread_and_reach():
    first, second = made()
    assert (first.at, first.name, first.observed, first.estimator) == ({"compute": 1e21}, "big", 2.0, "forecast")
    assert (second.name, second.observed, second.estimator) == (None, None, "inside")
    assert (first.loss.estimate, first.loss.low, first.loss.high) == pytest.approx(
        (2.1, 2.1 * np.exp(-0.01), 2.1 * np.exp(0.01))
    )
    assert (first.prediction.low, first.prediction.high) == pytest.approx((2.1 * np.exp(-0.05), 2.1 * np.exp(0.05)))
    assert (first.model_spread.low, first.model_spread.high) == pytest.approx((2.0, 2.2))
    assert (second.model_spread.low, second.model_spread.high) == pytest.approx((1.8, 1.95))
    assert (first.reach, second.reach) == pytest.approx((0.1, 10.0))
    assert (first.outside, second.outside) == (None, None)


def test_one_law_has_no_spread_and_runs_without_a_scale_no_reach():
    alone = Bands(BANDS.estimate, BANDS.confidence, BANDS.prediction, BANDS.by_law[:1])
    assert made(alone, largest=None)[0].model_spread == Band()
    assert made(alone, largest=None)[0].reach is None
    two = Bands(BANDS.estimate, BANDS.confidence, BANDS.prediction, BANDS.by_law[:2])
    assert made(two)[0].model_spread.low == pytest.approx(2.0)


@pytest.mark.parametrize("half", [np.nan, np.inf, 301.0])
def test_an_endless_band_has_no_ends(half):
    wide = Bands(BANDS.estimate, np.array([half, 0.02]), BANDS.prediction, BANDS.by_law)
    first, second = made(wide)
    assert first.loss == Estimate(pytest.approx(2.1))
    assert second.loss.low is not None


@pytest.mark.parametrize("log_loss", [np.nan, np.inf, -np.inf, 300.0, -300.0])
def test_what_is_no_loss_is_refused_with_its_place(log_loss):
    with pytest.raises(FitError, match="At compute 1e\\+23 the law gives"):
        made(Bands(np.array([0.7, log_loss]), BANDS.confidence, BANDS.prediction, BANDS.by_law))


SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("target", "distance"),
    [((0.5, 0.2), 0.0), ((1.0, 1.0), 0.0), ((2.0, 0.5), 1.0), ((0.5, -3.0), 3.0), ((2.0, 2.0), np.sqrt(2.0))],
)
def test_a_target_lies_as_far_outside_as_from_the_nearest_edge_or_corner(target, distance):
    assert outside_hull(SQUARE, np.array([target]))[0] == pytest.approx(distance, abs=1e-9)


def test_surfaces_have_factors_outside_their_hull():
    columns = {"params": np.exp(SQUARE[:, 0]), "tokens": np.exp(SQUARE[:, 1])}
    points = ForecastPoints(columns, np.ones(5), np.arange(5), np.ones(5))
    asked = {"params": np.exp([2.0, 0.5]), "tokens": np.exp([0.5, 0.5])}
    places = Places(PLACES.targets, asked, PLACES.scale)
    assert [one.outside for one in made(places=places, points=points)] == pytest.approx([np.e, 1.0])
    line = ForecastPoints({"x": columns["params"]}, np.ones(5), np.arange(5), np.ones(5))
    assert made(points=line)[0].outside is None


def predicted(estimate, observed, low=None, high=None):
    return Prediction({}, Estimate(estimate), Band(low, high), Band(), None, None, "forecast", observed)


def test_scores_are_errors_in_logs_with_the_share_inside():
    found = score([predicted(2.0, 2.2, 1.9, 2.3), predicted(3.0, 2.4, 2.5, 3.5), predicted(2.0, None), ])  # fmt: skip
    off = np.log([2.0 / 2.2, 3.0 / 2.4])
    assert (found.points, found.coverage) == (2, 0.5)
    assert found.rmse_log == pytest.approx(np.sqrt(np.mean(off**2)))
    assert found.bias_log == pytest.approx(off.mean())
    assert found.mape == pytest.approx((0.2 / 2.2 + 0.6 / 2.4) / 2)


def test_without_observations_there_is_no_score_and_without_bands_no_coverage():
    assert score([]) is score([predicted(2.0, None)]) is None
    assert score([predicted(2.0, 2.0)]).coverage is None
    assert score([predicted(2.0, 2.0, 2.0, 2.1)]).coverage == 1.0
    assert score([predicted(2.0, 2.1, 2.0, 2.1)]).coverage == 1.0
    assert score([predicted(2.0, 2.2, 2.0, 2.1)]).coverage == 0.0
