"""Intervals by profile likelihood against closed forms of regression and against fits with a parameter held."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq, least_squares

from scaling_cli.fitting.linear import naive, sandwich
from scaling_cli.fitting.noise.model import noise_model
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.profile import profile
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.laws import find_law

SQUARES = Objective("least-squares")


def straight(points=14, runs=None, noise=0.01):
    x = np.geomspace(1e18, 1e22, points)
    loss = 20 * x**-0.05 * np.exp(noise * np.random.default_rng(2).standard_normal(points))
    return optimum(
        problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(points) if runs is None else runs), SQUARES
    )


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_straight_line_in_logs_has_the_intervals_of_student(level):
    fitted = straight()
    low, high = profile(fitted, level)
    x, y = np.log(fitted.problem.columns["x"]), fitted.problem.target
    line = stats.linregress(x, y)
    reach = stats.t.ppf((1 + level) / 2, 12)
    place = Quantities(fitted.problem).names.index("b")
    assert (low[place], high[place]) == pytest.approx(
        (line.slope - reach * line.stderr, line.slope + reach * line.stderr), rel=1e-3
    )


def test_a_floor_is_where_a_fit_with_the_floor_held_is_that_much_worse():
    """2 (F(v) - F) / s^2 = t^2, with F(v) from another solver."""
    x = np.geomspace(1e18, 1e22, 16)
    loss = (600 * x**-0.15 + 1.8) * np.exp(0.004 * np.random.default_rng(4).standard_normal(16))
    fitted = optimum(problem_from_arrays(find_law("power-constant"), {"x": x}, loss, np.arange(16)), SQUARES)
    assert noise_model(fitted) is None  # which would widen the interval
    low, high = profile(fitted, 0.95)
    place = Quantities(fitted.problem).names.index("c")
    z = np.log(x / 1e20)

    def squares(floor):
        return 2 * min(
            least_squares(lambda t: np.log(np.exp(t[0] + t[1] * z) + floor) - np.log(loss), (0.0, slope), x_scale="jac",
                          ftol=1e-14, xtol=1e-14, gtol=1e-14).cost
            for slope in (-0.1, -0.3)
        )  # fmt: skip

    best = float((fitted.log_residuals**2).sum())
    rise = stats.t.ppf(0.975, 13) ** 2 * best / 13
    centre = float(fitted.theta[2])
    below = brentq(lambda floor: squares(floor) - best - rise, centre - 0.6, centre)
    above = brentq(lambda floor: squares(floor) - best - rise, centre, min(float(loss.min()) * 0.999, centre + 0.4))
    assert (low[place], high[place]) == pytest.approx((below, above), rel=2e-3)
    assert centre - below > 1.1 * (above - centre)  # further down than up, unlike an estimate plus or minus its error


def test_points_of_a_run_that_err_together_widen_the_interval_as_the_sandwich_does():
    runs = np.repeat(np.arange(7), 2)
    apart, together = straight(), straight(runs=runs)
    place = Quantities(apart.problem).names.index("b")
    widths = [np.subtract(*profile(each, 0.95)[::-1])[place] for each in (apart, together)]
    by_point, by_run = naive(together), sandwich(together)
    reach = [stats.t.ppf(0.975, spread.freedom) * spread.errors(together)[place] for spread in (by_point, by_run)]
    assert widths[1] / widths[0] == pytest.approx(reach[1] / reach[0], rel=5e-3)


def test_a_parameter_at_its_bound_ends_there():
    x = np.geomspace(1e18, 1e22, 20)
    loss = 3 * np.exp(-0.02 * np.log(x / 1e18) ** 1.5)
    fitted = optimum(problem_from_arrays(find_law("power-constant"), {"x": x}, loss, np.arange(20)), SQUARES)
    low, _ = profile(fitted, 0.95)
    assert fitted.theta[2] == 0.0
    assert low[2] == 0.0
