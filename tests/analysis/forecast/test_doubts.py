"""Caveats of a forecast, just below, at and above each limit."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.forecast import doubts as doubts_module
from scaling_cli.analysis.forecast.doubts import (
    lone_growth,
    place_name,
    pooled_sizes,
    prediction_doubts,
    ratio_doubts,
    run_doubts,
)
from scaling_cli.analysis.forecast.stability import Swing
from scaling_cli.analysis.forecast.targets import Places, Target
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.fitting.ask import alone
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band, Prediction

GROUP = {"lab": "ours"}


def prediction(at, reach=1.0, outside=None):
    return Prediction(at, Estimate(2.0), Band(), Band(), reach, outside, "forecast")


def found(caveats):
    assert all(each.group == GROUP for each in caveats)
    return {each.code: each.message for each in caveats}


def doubts(*rows, scale, span=(1e18, 1e21), split=()):
    places = Places(tuple(Target(row.at) for row in rows), {}, np.array(scale), split)
    return found(prediction_doubts(rows, places, span, GROUP))


def test_a_target_is_named_by_its_amounts():
    assert place_name({"params": 7e10, "tokens": 1.4e12}) == "70B params, 1.4T tokens"
    assert place_name({"compute": 1e21}) == "1e21 FLOPs"
    assert place_name({"params": 7e10, "compute": 1e21}) == "70B params"
    assert place_name({"lr": 0.001}) == "0.001 lr"


@pytest.mark.parametrize(("reach", "codes"), [(30.0, []), (31.0, ["far-forecast"]), (None, [])])
def test_a_target_far_beyond_the_largest_run_is_noted(reach, codes):
    assert list(doubts(prediction({"compute": 1e21}, reach), scale=[1e21])) == codes


def test_the_furthest_target_is_named():
    rows = [prediction({"compute": amount}, amount / 1e21) for amount in (4e22, 9e22, 5e22)]
    assert "9e22 FLOPs" in doubts(*rows, scale=[4e22, 9e22, 5e22])["far-forecast"]


@pytest.mark.parametrize(("scale", "codes"), [(1e18, []), (3.4e17, []), (3.3e17, ["below-data"])])
def test_a_target_below_a_third_of_the_smallest_run_is_noted(scale, codes):
    assert list(doubts(prediction({"compute": scale}), scale=[scale])) == codes
    assert doubts(prediction({"compute": scale}), scale=[scale], span=None) == {}


def test_the_smallest_target_is_named_with_its_distance():
    rows = [prediction({"compute": amount}) for amount in (1e17, 1e16, 1e20)]
    message = doubts(*rows, scale=[1e17, 1e16, 1e20])["below-data"]
    assert "1e16 FLOPs" in message
    assert "100 times" in message


@pytest.mark.parametrize(
    ("outside", "reach", "scale", "codes"),
    [
        (3.0, 1.0, 1e20, []),
        (3.1, 1.0, 1e20, ["off-hull"]),
        (3.1, 3.0, 1e20, ["off-hull"]),
        (3.1, 3.1, 1e20, []),
        (3.1, 0.1, 1e17, ["below-data"]),
        (None, 1.0, 1e20, []),
    ],
)
def test_a_target_beside_the_runs_is_noted_unless_it_is_beyond_them(outside, reach, scale, codes):
    """One beyond them is noted by its reach."""
    row = prediction({"params": 1e9, "tokens": 1e10}, reach, outside)
    assert list(doubts(row, scale=[scale])) == codes


def test_a_split_by_the_laws_is_noted_once():
    row = prediction({"compute": 1e20})
    assert "1e20 FLOPs" in doubts(row, scale=[1e20], split=(1e20, 1e21))["optimal-split"]


def ratios(tokens, low=10.0, high=40.0, inputs=("compute",)):
    row = prediction({"params": 1e9, "tokens": tokens})
    return found(ratio_doubts([row], (low, high), dict(zip("xyz", inputs, strict=False)), GROUP))


@pytest.mark.parametrize(("tokens", "is_off"), [(3.4e9, 0), (3.3e9, 1), (1.19e11, 0), (1.21e11, 1), (2e10, 0)])
def test_tokens_per_param_that_are_three_times_off_are_noted(tokens, is_off):
    assert bool(ratios(tokens)) is bool(is_off)


def test_a_law_of_compute_forecasts_the_ratio_of_the_data_and_a_surface_was_not_tested():
    assert "the law of compute forecasts a run with the ratio of the data" in ratios(1e12)["off-ratio"]
    surface = found(
        ratio_doubts(
            [prediction({"params": 1e9, "tokens": 1e12}), prediction({"params": 1e9, "tokens": 1e14}),
             prediction({"compute": 1e21})],
            (10.0, 40.0), {"params": "params", "tokens": "tokens"}, GROUP,
        )
    )  # fmt: skip
    assert "not tested by any run" in surface["off-ratio"]
    assert "100T tokens" in surface["off-ratio"]


def test_runs_of_one_ratio_have_it_and_no_range():
    target = prediction({"params": 1e9, "tokens": 1e12})
    said = found(ratio_doubts([target], (19.999, 20.001), {"x": "compute"}, GROUP))["off-ratio"]
    assert "but the runs have 20, so" in said


def test_without_ratios_nothing_is_said_of_them():
    row = prediction({"params": 1e9, "tokens": 1e12})
    assert ratio_doubts([row], None, {"x": "compute"}, GROUP) == []
    assert ratio_doubts([prediction({"compute": 1e21})], (10.0, 40.0), {"x": "compute"}, GROUP) == []


@pytest.mark.parametrize(
    ("sizes", "inputs", "codes"),
    [
        (2, {"x": "tokens"}, ["pooled-sizes"]),
        (1, {"x": "tokens"}, []),
        (2, {"x": "compute"}, []),
        (2, {"x": "params"}, []),
        (2, {"x": "step"}, ["pooled-sizes"]),
        (2, {"params": "params", "tokens": "tokens"}, []),
    ],
)
def test_runs_of_several_sizes_on_one_curve_of_tokens_are_noted(sizes, inputs, codes):
    assert list(found(pooled_sizes(sizes, inputs, GROUP))) == codes


@pytest.mark.parametrize(
    ("params", "tokens", "grown"),
    [
        ((1e8, 1.5e8), (1e9, 3e9), "tokens"),
        ((1e8, 1.6e8), (1e9, 3e9), None),
        ((1e8, 1.5e8), (1e9, 2.9e9), None),
        ((1e8, 3e8), (1e9, 1e9), "params"),
        ((1e8, 3e8), (1e9, 3e9), None),
    ],
)
def test_compute_that_grows_by_one_of_params_and_tokens_is_noted(params, tokens, grown):
    ranges = {"params": params, "tokens": tokens}
    caveats = found(lone_growth(ranges, {"x": "compute"}, GROUP))
    assert list(caveats) == ([] if grown is None else ["lone-growth"])
    if grown is not None:
        assert grown in caveats["lone-growth"]
    assert lone_growth(ranges, {"x": "tokens"}, GROUP) == []
    assert lone_growth({"params": params}, {"x": "compute"}, GROUP) == []


def surface(loss, *, params=None, runs=None):
    """Six runs of equal params, with tokens that double."""
    params = np.full(6, 1e8) if params is None else params
    tokens = 1e9 * 2.0 ** np.arange(6)
    return ForecastPoints(
        {"params": params, "tokens": tokens}, np.asarray(loss), np.arange(6) if runs is None else runs, params * tokens
    )


def of_runs(points, noise=0.01):
    return found(alone(run_doubts(None, noise, points, Places((), {}, np.array([])), GROUP)))


FALLING = np.linspace(3, 2.5, 6)


def test_loss_that_rises_with_tokens_is_noted_where_noise_does_not_explain_it():
    """Of fifteen pairs, one in ten is more than one: two rise."""
    for rise, codes in ((0.035, ["rising-loss"]), (0.025, [])):
        loss = FALLING.copy()
        loss[-1] = FALLING[-3] * np.exp(rise)
        assert list(of_runs(surface(loss))) == codes
    one = FALLING.copy()
    one[-1] = FALLING[-2] * np.exp(0.035)
    assert of_runs(surface(one)) == {}


def test_runs_of_other_params_do_not_count_as_rising():
    assert of_runs(surface(FALLING[::-1], params=np.geomspace(1e8, 1e9, 6))) == {}
    three = np.repeat([1e8, 2e8], 3)  # three pairs for each size
    assert list(of_runs(surface(FALLING[::-1], params=three))) == ["rising-loss"]
    two = np.repeat([1e8, 2e8, 3e8], 2)  # one pair for each size is too few
    assert of_runs(surface(FALLING[::-1], params=two)) == {}


def test_several_scales_of_a_run_are_noted():
    message = of_runs(surface(FALLING, runs=np.array([0, 0, 1, 2, 2, 3])))["mid-schedule-points"]
    assert "(2 of 4 runs have several rows)" in message
    line = ForecastPoints({"x": np.arange(1.0, 7)}, FALLING, np.arange(6), np.arange(1.0, 7))
    assert of_runs(line) == {}


def forecaster(errors=(), swing=None):
    return SimpleNamespace(errors=errors, swing=swing)


def known_swing(made, _):
    yield from ()
    return made.swing


@pytest.mark.parametrize(("columns", "role"), [({"tokens": 1}, "2B tokens"), ({"x": 1}, "2e9 FLOPs")])
def test_a_forecast_that_swings_names_its_place_and_cut_off(monkeypatch, columns, role):
    monkeypatch.setattr(doubts_module, "largest_swing", known_swing)
    targets = tuple(Target({"compute": amount}) for amount in (1e21, 3e22))
    places = Places(targets, dict.fromkeys(columns, np.ones(2)), np.ones(2))
    made = forecaster(errors=("some",), swing=Swing(2e9, 1, np.log(1.05), 0.004))
    message = found(alone(run_doubts(made, 0.01, surface(FALLING), places, GROUP)))["unstable-forecast"]
    assert f"Without the runs below {role}" in message
    assert "the forecast at 3e22 FLOPs moves by +5.0" in message
    assert "0.40" in message
    assert found(alone(run_doubts(forecaster(errors=("some",)), 0.01, surface(FALLING), places, GROUP))) == {}


def test_a_forecast_without_an_origin_is_noted_with_its_points_and_scales(monkeypatch):
    monkeypatch.setattr(doubts_module, "largest_swing", known_swing)
    sizes = np.repeat([1e8, 2e8, 3e8], 2)
    message = found(
        alone(run_doubts(forecaster(), 9.0, surface(FALLING, params=sizes), Places((), {}, np.array([])), GROUP))
    )
    assert list(message) == ["no-rolling-origin"]
    assert "6 points of 3 sizes" in message["no-rolling-origin"]
