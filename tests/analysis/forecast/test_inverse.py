"""The scale at which a loss is reached, for a forecast that is known exactly."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.inverse import inverse
from scaling_cli.errors import UsageError
from scaling_cli.record import Record
from scaling_cli.results.forecast import ForecastInterval


class Known(Record):
    """Log loss falls by `slope` for each log of x from `start`, to `floor`; the bands have the given half-width."""

    slope: float = 0.1
    start: float = 2.0
    floor: float = -9.0
    half: float = 0.2
    surface: bool = False

    def mean(self, columns):
        if self.surface:  # the best split has equal exponents
            value = np.exp(self.start) * (columns["params"] ** -self.slope + columns["tokens"] ** -self.slope)
            return np.log(value)
        return np.maximum(self.start - self.slope * np.log(columns["x"]), self.floor)

    def bands(self, columns, scale):
        middle = self.mean(columns)
        half = np.full(len(scale), self.half)
        return Bands(middle, half, half, middle[None])

    def interval(self):
        return ForecastInterval("draws", 0.9, 0, 0)


def reached(loss, forecaster=None, span=(1e2, 1e4), **more):
    options = {"inputs": {"x": "compute"}, "params": None, **more}
    (found,) = inverse(forecaster or Known(), [loss], span=span, **options)
    return found


def test_the_scale_is_where_the_forecast_and_its_ends_fall_to_the_loss():
    found = reached(np.exp(1.4))
    # 2 - 0.1 ln x is 1.4 at ln x = 6, and the ends are 0.2 lower and higher.
    assert (found.target_loss, found.scale) == (pytest.approx(np.exp(1.4)), "compute")
    assert np.log([found.compute.estimate, found.compute.low, found.compute.high]) == pytest.approx([6.0, 4.0, 8.0])
    assert found.at == {"compute": pytest.approx(np.exp(6.0))}
    assert found.reachable == pytest.approx(1.0, abs=1e-6)


def test_a_metric_that_grows_is_reached_from_below():
    found = reached(np.exp(2.6), Known(slope=-0.1))
    assert np.log([found.compute.estimate, found.compute.low, found.compute.high]) == pytest.approx([6.0, 4.0, 8.0])


def test_a_loss_below_the_floor_is_reached_with_the_probability_of_the_band():
    found = reached(np.exp(0.9), Known(floor=1.0))
    assert found.compute.estimate is None
    assert (found.compute.low is not None, found.compute.high) == (True, None)
    assert found.at == {}
    spread = 0.2 / NormalDist().inv_cdf(0.95)
    assert found.reachable == pytest.approx(NormalDist().cdf(-0.1 / spread))


def test_without_a_band_the_forecast_itself_decides():
    assert reached(np.exp(0.9), Known(floor=1.0, half=0.0)).reachable == 0.0
    assert reached(np.exp(1.1), Known(floor=1.0, half=0.0)).reachable == 1.0
    assert reached(np.exp(1.0), Known(floor=1.0, half=0.0)).reachable == 1.0  # it just reaches its floor
    found = reached(np.exp(1.4), Known(half=np.nan))
    assert (found.compute.estimate is not None, found.compute.low, found.compute.high) == (True, None, None)
    assert found.reachable == 1.0


def test_the_search_begins_below_the_runs_and_ends_far_beyond():
    """A hundredth of the smallest run is 1, where the loss is e^2; 1e9 times the largest is e^29.9."""
    assert reached(np.exp(2.01)).compute.estimate is None
    assert reached(np.exp(1.99)).compute.estimate == pytest.approx(np.exp(0.1))
    assert reached(np.exp(2 - 2.99)).compute.estimate == pytest.approx(np.exp(29.9), rel=1e-3)
    assert reached(np.exp(2 - 3.0)).compute.estimate is None


def test_a_surface_is_followed_along_its_best_splits():
    sizes = np.geomspace(1e3, 1e6, 5)
    inputs = {"params": "params", "tokens": "tokens"}
    found = reached(np.exp(1.0), Known(surface=True, half=0.0), span=(1e7, 1e12), inputs=inputs, params=sizes)
    assert found.scale == "compute"
    # Equal params and tokens are best, with log loss 2 + ln 2 - 0.05 ln(compute / 6).
    compute = 6 * np.exp((2 + np.log(2) - 1.0) / 0.05)
    assert found.compute.estimate == pytest.approx(compute, rel=0.02)
    assert found.at["params"] == pytest.approx(np.sqrt(compute / 6), rel=0.06)
    assert 6 * found.at["params"] * found.at["tokens"] == pytest.approx(found.compute.estimate, rel=1e-6)


def test_fixed_params_leave_tokens_alone():
    inputs = {"params": "params", "tokens": "tokens"}
    found = reached(np.exp(1.0), Known(surface=True), span=(1e7, 1e12), inputs=inputs, params=None, fixed_params=1e9)
    assert found.at["params"] == pytest.approx(1e9)
    assert found.at["tokens"] == pytest.approx(found.compute.estimate / 6 / 1e9)
    expected = (np.exp(-1.0) - (1e9) ** -0.1) ** -10
    assert found.at["tokens"] == pytest.approx(expected, rel=0.1)


def test_other_laws_of_two_inputs_have_no_path():
    with pytest.raises(UsageError, match="a law of params and lr"):
        reached(2.0, inputs={"params": "params", "x": "lr"})


class Broken(Known):
    """As `Known`, but without a logarithm beyond ln x = 20, and without a band below ln x = 2."""

    def bands(self, columns, scale):
        found = super().bands(columns, scale)
        log = np.log(columns["x"])
        middle = np.where(log > 20, np.nan, found.estimate)
        half = np.where(log < 2, np.nan, found.confidence)
        return Bands(middle, half, half, middle[None])


class Nowhere(Known):
    """A forecast without a logarithm at all scales, or at all but one."""

    def bands(self, columns, scale):
        found = super().bands(columns, scale)
        middle = np.where(np.arange(len(scale)) < self.slope, found.estimate, np.nan)
        return Bands(middle, found.confidence, found.prediction, middle[None])


@pytest.mark.parametrize("scales", [0, 1])
def test_a_forecast_at_no_or_one_scale_reaches_nothing(scales):
    found = reached(np.exp(1.4), Nowhere(slope=scales))
    assert (found.compute.estimate, found.compute.low, found.compute.high, found.reachable) == (None, None, None, 0.0)


def test_scales_without_a_forecast_are_left_out():
    found = reached(np.exp(1.4), Broken())
    assert np.log(found.compute.estimate) == pytest.approx(6.0)
    assert np.log([found.compute.low, found.compute.high]) == pytest.approx([4.0, 8.0])
    assert found.at["compute"] == pytest.approx(np.exp(6.0))
    assert reached(np.exp(2 - 0.1 * 21), Broken()).compute.estimate is None  # beyond the known scales
    assert reached(np.exp(2 - 0.1 * 1), Broken()).compute.estimate is None  # without a band
    assert reached(np.exp(2 - 0.1 * 1), Broken(half=np.nan)).compute.estimate is not None
