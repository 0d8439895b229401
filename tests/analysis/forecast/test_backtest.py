"""The record on larger runs that are held out, and its baselines, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.forecast import backtest as module
from scaling_cli.analysis.forecast.backtest import backtest, baselines
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.laws import find_law


def points(x, loss):
    x, loss = np.asarray(x, dtype=float), np.asarray(loss, dtype=float)
    return ForecastPoints({"x": x}, loss, np.arange(len(x)), x)


def test_a_power_law_without_noise_is_what_lines_say_and_not_what_the_last_point_says():
    x = np.geomspace(1.0, 256.0, 9)
    found = baselines(points(x, 3 * x**-0.1), np.array([1000.0, 4000.0]))
    expected = np.log(3) - 0.1 * np.log([1000.0, 4000.0])
    assert found["power law"] == pytest.approx(expected)
    assert found["last factor of 2"] == pytest.approx(expected)
    assert found["last point"] == pytest.approx(np.full(2, np.log(3 * 256**-0.1)))


def test_the_last_factor_of_two_has_at_least_three_scales():
    """Slopes of -0.2 up to x = 16 and of -0.1 beyond: the last three scales, and all by least squares."""
    x = np.array([1.0, 2, 4, 8, 16, 32, 64])
    y = np.where(x <= 16, -0.2 * np.log(x), -0.2 * np.log(16) - 0.1 * np.log(x / 16))
    found = baselines(points(x, np.exp(y)), np.array([128.0]))
    assert found["last factor of 2"] == pytest.approx([y[-1] - 0.1 * np.log(2)])
    slope, level = np.polyfit(np.log(x), y, 1)
    assert found["power law"] == pytest.approx([level + slope * np.log(128)])


def test_a_factor_of_two_with_many_scales_is_a_factor_of_two():
    x = np.array([1.0, 4, 15.9, 16.1, 20, 25, 32])
    y = np.array([9.0, 9.0, 9.0, 1.0, 0.9, 0.8, 0.7])
    found = baselines(points(x, np.exp(y)), np.array([64.0]))
    slope, level = np.polyfit(np.log(x[3:]), y[3:], 1)
    assert found["last factor of 2"] == pytest.approx([level + slope * np.log(64)])


def test_the_best_run_of_a_scale_counts_in_any_order():
    """Logged budgets within one per cent are one scale, at the largest of them."""
    x = np.array([4.0, 1.0, 2.0, 1.005, 4.03, 2.0])
    loss = np.array([2.5, 4.0, 3.1, 3.9, 2.4, 3.0])
    found = baselines(points(x, loss), np.array([8.0]))
    best_x, best = np.log([1.005, 2.0, 4.03]), np.log([3.9, 3.0, 2.4])
    slope, level = np.polyfit(best_x, best, 1)
    assert found["power law"] == pytest.approx([level + slope * np.log(8)])
    assert found["last point"] == pytest.approx([np.log(2.4)])
    apart = baselines(points([1.0, 1.02, 4.0], [3.9, 4.0, 2.4]), np.array([8.0]))
    slope, level = np.polyfit(np.log([1.0, 1.02, 4.0]), np.log([3.9, 4.0, 2.4]), 1)
    assert apart["power law"] == pytest.approx([level + slope * np.log(8)])


def test_one_scale_is_a_level_line():
    found = baselines(points([4.0, 4.0], [3.0, 2.0]), np.array([8.0]))
    assert {name: values.tolist() for name, values in found.items()} == {
        name: [pytest.approx(np.log(2.0))] for name in ("last point", "last factor of 2", "power law")
    }


def test_a_row_compares_the_larger_runs_with_the_forecast_from_the_smaller(monkeypatch):
    """A forecast that is 2 % too high at every other run, and 1 % too low in between, with bands of 1.5 %."""
    x = np.geomspace(1e18, 1e22, 17)
    runs = points(x, 3 * (x / 1e18) ** -0.05)
    asked = []

    def made(trained, resampling, *, laws, level):
        asked.append((len(trained), level, resampling))

        def bands(columns, scale):
            missed = np.where(np.arange(len(scale)) % 2 == 0, np.log(1.02), np.log(0.99))
            truth = np.log(3 * (columns["x"] / 1e18) ** -0.05)
            return SimpleNamespace(estimate=truth + missed, prediction=np.full(len(scale), 0.015))

        yield from ()
        return SimpleNamespace(bands=bands)

    monkeypatch.setattr(module, "forecast_asking", made)
    like = SimpleNamespace(level=0.9, resampling=Resampling(7, 3, 99))
    rows = alone(backtest(runs, [find_law("power")], like))
    assert [row.trained + row.held_out for row in rows] == [17] * len(rows)
    assert [number for number, *_ in asked] == [row.trained for row in rows]
    assert {tuple(rest) for _, *rest in asked} == {(0.9, Resampling(7, 3, 0))}
    for row in rows:
        held = row.held_out
        high, low = (held + 1) // 2, held // 2
        assert row.cutoff == pytest.approx(x[row.trained - 1])
        assert row.reach == pytest.approx(1e22 / row.cutoff)
        assert row.mape == pytest.approx((0.02 * high + 0.01 * low) / held)
        missed = np.repeat([np.log(1.02), np.log(0.99)], [high, low])
        assert row.rmse_log == pytest.approx(np.sqrt(np.mean(missed**2)))
        assert row.bias_log == pytest.approx(missed.mean())
        assert row.coverage == pytest.approx(low / held)
        assert row.baselines["power law"] == pytest.approx(0.0, abs=1e-9)
        after = np.arange(1, held + 1)  # each run has 10^0.25 times the compute of the one before
        assert row.baselines["last point"] == pytest.approx(0.05 * np.log(10) / 4 * np.sqrt(np.mean(after**2.0)))


def test_held_out_runs_are_at_least_the_factors_of_the_page_larger():
    x = np.geomspace(1e18, 1e22, 17)
    runs = points(x, 3 * (x / 1e18) ** -0.05 * np.exp(1e-3 * np.random.default_rng(0).standard_normal(17)))
    laws = [find_law("power")]
    rows = alone(backtest(runs, laws, forecast(runs, laws=laws, level=0.9, replicates=20, seed=0)))
    assert len(rows) >= 3
    assert all(row.reach >= factor for row, factor in zip(rows, (2.0, 4.0, 10.0, 30.0), strict=False))
    assert all(row.rmse_log < 0.01 for row in rows)
    assert all(0.5 <= row.coverage <= 1 for row in rows)
