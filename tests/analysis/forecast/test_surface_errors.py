"""The shift of a surface's forecast, and its interval, from errors at rolling origins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from scaling_cli.analysis.forecast.rolling import OriginErrors
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.surface_errors import EXCESS, NEAR, Shift, half_widths, shift
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.laws import find_law
from scaling_cli.record import replace


def origin(mean, spread=0.0, count=40):
    errors = mean + spread * np.linspace(-1, 1, count)
    return OriginErrors(errors, np.ones(count))


def surface(count=6, noise=0.003, seed=0, drop=0.0):
    """Runs of a Chinchilla law; with `drop`, larger runs do better than the law by so much per factor of e."""
    compute = np.repeat(np.geomspace(1e18, 1e21, count), count)
    params = np.sqrt(compute / 120) * np.tile(np.geomspace(0.25, 4, count), count)
    tokens = compute / 6 / params
    loss = (1.8 + 480 / params**0.35 + 2100 / tokens**0.37) * np.exp(-drop * np.log(compute / 1e18))
    observed = loss * np.exp(noise * np.random.default_rng(seed).standard_normal(len(loss)))
    return ForecastPoints({"params": params, "tokens": tokens}, observed, np.arange(len(loss)), compute)


def test_an_error_that_the_nearest_origins_share_is_taken_off():
    shared = shift([origin(0.01), origin(0.01)], (), 0.0)
    assert shared.constant == pytest.approx(0.01)
    noisy = shift([origin(0.01, 0.05), origin(0.01, 0.05)], (), 0.0)
    assert 0 < noisy.constant < 0.002
    few = shift([origin(0.01, 0.01, 3), origin(0.01, 0.01, 3)], (), 0.0)
    many = shift([origin(0.01, 0.01, 40), origin(0.01, 0.01, 40)], (), 0.0)
    assert few.constant < many.constant


def test_errors_to_both_sides_and_a_single_origin_shift_nothing():
    assert shift([origin(0.01), origin(-0.01)], (), 0.0) == Shift(0.0, 0.0)
    assert shift([origin(0.01)], (), 0.0) == Shift(0.0, 0.0)
    assert shift([], (), 0.0) == Shift(0.0, 0.0)
    assert shift([origin(0.0), origin(0.0)], (), 0.0) == Shift(0.0, 0.0)


def test_a_law_that_is_probable_is_not_shifted():
    errors = [origin(0.01), origin(0.01)]
    assert shift(errors, errors, 1.0) == Shift(0.0, 0.0)
    assert shift(errors, errors, 0.5).constant == pytest.approx(0.005)
    assert shift(errors, errors, 0.0).unit == pytest.approx(EXCESS * 0.01 / 1.2816)


def test_the_shift_fades_into_the_data_and_stays_beyond_tested_reaches():
    at = Shift(0.01, 0.002).at(np.array([0.01, 0.125, 0.5, 1.0, 10.0, 30.0, 1e6]))
    assert at[:2] == pytest.approx(0)
    assert at[3] == pytest.approx(0.012)
    assert (np.diff(at[1:6]) > 0).all()
    assert at[6] == at[5]


def test_intervals_widen_with_reach_with_errors_and_without_any_origin():
    nothing, reach = np.zeros(3), np.array([1.0, 10.0, 100.0])
    tested = half_widths(nothing, [origin(0.0, 0.01)], reach, 0.9)
    assert (np.diff(tested[1]) > 0).all()
    assert (tested[1] > tested[0]).all()
    assert (half_widths(nothing, [origin(0.0, 0.03)], reach, 0.9)[1] > tested[1]).all()
    untested = half_widths(nothing, [], reach, 0.9)
    assert (untested[1] > tested[1]).all()
    assert untested[0] == pytest.approx(untested[1])
    exact = half_widths(nothing, [origin(0.0)], reach, 0.9)[1]
    assert exact == pytest.approx(1.8595 * NEAR, rel=1e-3)  # of 8 degrees of freedom


def test_runs_that_do_better_with_scale_are_forecast_lower_than_by_their_laws():
    points = surface(noise=0.001, drop=0.02)
    made = forecast(points, replicates=2)
    at = {"params": np.array([3e10]), "tokens": np.array([6e11])}
    assert made.shift is not None
    assert made.mean(at) < made.stack.mean(made.stack.log_losses(at))
    assert made.mean(at) == pytest.approx(made.bands(at, np.array([1e23])).estimate)


def test_a_law_that_the_user_chose_is_not_shifted():
    assert forecast(surface(4), laws=(find_law("chinchilla"),), replicates=2).shift is None


def test_intervals_hold_where_all_larger_runs_do_a_little_better_than_the_law():
    """Larger runs that gain 0.6 %, as by better schedules, do not show it at any origin; 60 runs of 5 sets."""
    held = 0
    for seed in range(5):
        points = surface(seed=seed)
        columns = {name: 2 * values[-12:] for name, values in points.columns.items()}
        loss = 1.8 + 480 / columns["params"] ** 0.35 + 2100 / columns["tokens"] ** 0.37
        noise = 0.003 * np.random.default_rng(200 + seed).standard_normal(12)
        bands = forecast(points, level=0.9, replicates=20).bands(columns, 4 * points.scale[-12:])
        held += int((np.abs(bands.estimate - np.log(loss) - noise + 0.006) <= bands.prediction).sum())
    assert held >= 48  # of 60; at 90 %, with errors that the runs of a set share


def test_the_shift_of_two_origins_is_that_of_the_formula():
    errors = [np.array([0.02, 0.04, 0.03]), np.array([0.01, 0.03, 0.01, 0.03, 0.02]), np.array([-0.3, 0.5])]
    origins = [OriginErrors(each, np.ones(len(each))) for each in errors]
    bias, spread, held = (0.03 + 0.02) / 2, np.concatenate(errors).std(), (3 + 5) / 2
    wanted = bias * bias**2 / (bias**2 + spread**2 * (1 + 4 / held))
    assert shift(origins, (), 0.0).constant == pytest.approx(wanted)
    assert shift([replace(each, errors=-each.errors) for each in origins], (), 0.0).constant == pytest.approx(-wanted)
    far = [OriginErrors(each.errors * np.hypot(1, 2), np.full(len(each.errors), np.exp(2))) for each in origins]
    assert shift(far, (), 0.25).constant == pytest.approx(0.75 * wanted)


def test_the_shift_inside_the_data_is_a_part_by_the_log_of_reach():
    found = Shift(0.01, 0.002).at(np.array([0.5, 1 / np.sqrt(8), np.e, 1000.0]))
    beyond = 0.01 + 0.002 * np.hypot(1, np.log(30))
    assert found == pytest.approx([0.012 * 2 / 3, 0.006, 0.01 + 0.002 * np.sqrt(2), beyond])


def test_half_widths_are_students_with_the_sum_of_all_variances():
    origins = [origin(0.01, 0.005), origin(-0.02, 0.005)]
    reach, variance = np.array([1.0, 20.0]), np.array([1e-4, 4e-4])
    growth = 1 + np.log(reach) ** 2
    errors = np.abs(np.concatenate([each.errors for each in origins]))
    run = np.quantile(errors, 0.8) / norm.ppf(0.9)
    bias = np.sqrt((0.01**2 + 0.02**2) / 2)
    for found, unit in zip(half_widths(variance, origins, reach, 0.9), (min(bias, run), run), strict=True):
        assert found == pytest.approx(t.ppf(0.95, 8) * np.sqrt(variance + NEAR**2 + (0.6 * unit) ** 2 * growth), 1e-4)
    for found in half_widths(variance, [], reach, 0.9):
        assert found == pytest.approx(t.ppf(0.95, 3) * np.sqrt(variance + NEAR**2 + 0.012**2 * growth))
