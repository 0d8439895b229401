"""Minima of IsoFLOP curves: parabolas against numpy, splines against scipy, and the bias of a parabola."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import Akima1DInterpolator
from scipy.optimize import minimize_scalar

from scaling_cli.analysis.allocation.isoflop.minima import _akima_slopes, akima, parabola, parabola_bias
from scaling_cli.analysis.allocation.isoflop.profile import profile_shape

X = np.array([18.0, 18.7, 19.1, 20.0, 20.6, 21.5])
LOSS = np.array([2.9, 2.62, 2.55, 2.5, 2.56, 2.8])


def vertex(loss, weights=None, x=X):
    return parabola(x, np.atleast_2d(loss), np.ones(len(x)) if weights is None else weights)


def test_an_exact_parabola_returns_its_vertex():
    place, value, bend = vertex(2.5 + 0.2 * (X - 19.8) ** 2)
    assert (place[0], value[0], bend[0]) == pytest.approx((19.8, 2.5, 0.4))


@pytest.mark.parametrize("weights", [None, np.array([1.0, 2, 3, 1, 0.5, 2])])
def test_a_parabola_is_the_weighted_least_squares_of_numpy(weights):
    root = None if weights is None else np.sqrt(weights)
    bend, slope, level = np.polyfit(X - 20, LOSS, 2, w=root)
    place, value, second = vertex(LOSS, weights)
    assert place[0] == pytest.approx(20 - slope / (2 * bend))
    assert value[0] == pytest.approx(level - slope**2 / (4 * bend))
    assert second[0] == pytest.approx(2 * bend)


def test_replicates_have_their_own_losses_and_weights():
    losses = np.stack([2.5 + 0.2 * (X - 19.8) ** 2, 2.4 + 0.1 * (X - 20.2) ** 2])
    place, value, bend = vertex(losses)
    assert (place, value, bend) == (pytest.approx([19.8, 20.2]), pytest.approx([2.5, 2.4]), pytest.approx([0.4, 0.2]))
    weights = np.stack([np.ones(6), np.array([1.0, 1, 1, 1, 0, 0])])
    first, second = vertex(np.where(X > 20.1, 9.0, 2.5 + 0.2 * (X - 19.8) ** 2), weights)[0]
    assert second == pytest.approx(19.8)
    assert first != pytest.approx(19.8)


def test_a_maximum_or_a_vertex_beyond_the_points_is_none():
    assert np.isnan(vertex(2.5 - 0.2 * (X - 19.8) ** 2)[:2]).all()
    for at in (17.9, 21.6):
        assert np.isnan(vertex(2.5 + 0.2 * (X - at) ** 2)[:2]).all()
    for at in (18.1, 21.4):
        assert vertex(2.5 + 0.2 * (X - at) ** 2)[0][0] == pytest.approx(at)


def test_two_sizes_have_no_parabola():
    x = np.array([18.0, 18.0, 20.0, 20.0])
    assert np.isnan(vertex([2.5, 2.6, 2.4, 2.5], x=x)[0]).all()
    assert np.isnan(vertex(LOSS, np.array([1.0, 1, 0, 0, 0, 0]))[0]).all()


def test_a_symmetric_curve_gives_a_parabola_no_bias():
    offsets = np.linspace(-1.5, 1.5, 7)
    assert parabola_bias(0.35, 0.35, offsets) == pytest.approx(0, abs=1e-12)
    assert parabola_bias(0.5, 0.3, offsets) == pytest.approx(-parabola_bias(0.3, 0.5, -offsets))
    assert parabola_bias(0.5, 0.3, offsets) == pytest.approx(vertex(profile_shape(0.5, 0.3, offsets), x=offsets)[0][0])


def test_the_shape_of_a_curve_has_its_minimum_of_one_where_the_offset_is_zero():
    assert profile_shape(0.3, 0.5, np.array([0.0])) == pytest.approx(1.0)
    found = minimize_scalar(lambda u: float(profile_shape(0.3, 0.5, u)), bounds=(-1, 1), method="bounded")
    assert found.x == pytest.approx(0, abs=1e-4)
    assert profile_shape(0.3, 0.5, 2.0) == pytest.approx((0.5 * np.exp(-0.6) + 0.3 * np.exp(1.0)) / 0.8)


@pytest.mark.parametrize("seed", range(12))
def test_the_spline_is_akimas(seed):
    """On random curves that fall and rise again, with sizes from four to nine."""
    generator = np.random.default_rng(seed)
    x = np.sort(generator.uniform(17, 22, 4 + seed % 6))
    loss = 2.5 + 0.2 * (x - x.mean()) ** 2 + 0.03 * generator.standard_normal(len(x))
    spline = Akima1DInterpolator(x, loss)
    grid = np.linspace(x[0], x[-1], 20_001)
    lowest = int(np.argmin(spline(grid)))
    place, value = akima(x, loss)
    if lowest in (0, len(grid) - 1):
        assert np.isnan([place, value]).all()
        return
    assert place == pytest.approx(grid[lowest], abs=1e-3)
    assert value == pytest.approx(spline(grid[lowest]), abs=1e-6)


def test_a_spline_through_three_evenly_spaced_points_is_their_parabola():
    x = np.array([18.0, 19.0, 20.0])
    assert akima(x, 2.5 + 0.2 * (x - 19.3) ** 2) == pytest.approx((19.3, 2.5))
    assert np.isnan(akima(x[:2], np.array([2.5, 2.4]))).all()


def test_losses_of_equal_sizes_are_averaged():
    x = np.array([18.0, 19.0, 19.0, 20.0])
    loss = 2.5 + 0.2 * (x - 19.3) ** 2 + np.array([0, 0.1, -0.1, 0])
    assert akima(x, loss) == pytest.approx((19.3, 2.5))


@pytest.mark.parametrize("side", [1, -1])
def test_a_spline_that_falls_to_an_end_has_no_minimum(side):
    assert np.isnan(akima(X, 2.5 + 0.1 * side * X)).all()


@pytest.mark.parametrize("seed", range(4))
def test_slopes_at_the_points_are_akimas_also_where_the_curve_is_straight(seed):
    y = np.random.default_rng(seed).normal(size=9)
    y[3:7] = np.linspace(y[3], y[3] + 1.2, 4) if seed % 2 else y[3]  # a straight stretch, or a level one
    x = np.arange(9.0) if seed % 2 else np.cumsum(np.random.default_rng(seed).uniform(0.5, 1.5, 9))
    expected = Akima1DInterpolator(x, y).derivative()(x)
    assert _akima_slopes(x, y) == pytest.approx(expected, abs=1e-9)
