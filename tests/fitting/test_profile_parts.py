"""Each step of the search for the ends of profile intervals, by hand; and profiles under priors, by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq, minimize

from scaling_cli.fitting.linear import naive, noise_variance
from scaling_cli.fitting.noise.model import noise_model, uneven_errors
from scaling_cli.fitting.objective import Objective, huber
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.prior import strength, weak_priors
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.profile import _at_bounds, _next, _objective, profile
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.laws import find_law
from scaling_cli.record import replace

SQUARES = Objective("least-squares")


def curve(points=10, priors=True, objective=SQUARES, law="power-constant", growth=1.0, noise=0.01):
    x = np.geomspace(1e18, 1e22, points)
    noise = noise * np.geomspace(1, growth, points) * np.random.default_rng(1).standard_normal(points)
    loss = ((600 * x**-0.15 + 1.8) if law == "power-constant" else 30 * x**-0.06) * np.exp(noise)
    law = find_law(law)
    given = weak_priors(law, float(loss.min())) if priors else ()
    return optimum(problem_from_arrays(law, {"x": x}, loss, np.arange(points), priors=given), objective)


@pytest.mark.parametrize("objective", [SQUARES, Objective()])
def test_the_objective_adds_half_the_squares_of_the_priors_by_their_weight(objective):
    fitted = curve(objective=objective)
    theta = fitted.theta + np.array([[0.0, 0.0, 0.0], [0.1, -0.02, 0.3]])
    problem = fitted.problem
    for row, found in zip(theta, _objective(fitted, theta, 0.37), strict=True):
        squares = huber(problem.residuals(row[None])[0], problem.weights, fitted.delta)[0]
        prior = problem.penalty.residuals(row[None])[0][0]
        assert found == pytest.approx(squares + 0.37 * (prior**2).sum() / 2)
    free = curve(priors=False)
    assert _objective(free, theta, 0.37) == pytest.approx(
        (free.problem.residuals(theta)[0] ** 2).sum(axis=1) / 2
    )  # fmt: skip


def stepped(centre, reached, root, inner, inner_root, goal):
    arrays = (np.array([value], float) for value in (centre, reached, root, inner, inner_root, goal))
    value, now, now_root = _next(*arrays)
    assert (now[0], now_root[0]) == (reached, root)
    return float(value[0])


def test_the_next_value_is_where_the_secant_reaches_the_goal():
    assert stepped(5, 6, 1.0, 5, 0.0, 2.0) == pytest.approx(7.0)
    assert stepped(5, 7, 1.5, 6, 1.0, 2.0) == pytest.approx(8.0)
    assert stepped(5, 4, 1.0, 5, 0.0, 1.5) == pytest.approx(3.5)
    assert stepped(5, 8, 3.0, 6, 1.0, 2.0) == pytest.approx(7.0)  # too far out: inwards


def test_the_distance_grows_at_most_threefold_and_shrinks_at_most_to_a_tenth():
    assert stepped(5, 6, 0.1, 5, 0.0, 2.0) == pytest.approx(8.0)
    assert stepped(5, 4, 0.1, 5, 0.0, 2.0) == pytest.approx(2.0)
    assert stepped(5, 6, 100.0, 5, 0.0, 2.0) == pytest.approx(5.1)  # 0.02 by the secant
    assert stepped(5, 4, 100.0, 5, 0.0, 2.0) == pytest.approx(4.9)


def test_without_a_slope_the_distance_doubles():
    assert stepped(5, 6, 0.0, 5, 0.0, 2.0) == pytest.approx(7.0)
    assert stepped(5, 4, 1.0, 4, 1.0, 2.0) == pytest.approx(3.0)


def test_an_end_at_a_bound_is_that_of_the_parameter_that_is_held_there():
    fitted = curve(priors=False)
    low, high = np.arange(3.0), np.arange(10.0, 13.0)
    bounds = fitted.problem.low.copy(), fitted.problem.high.copy()
    bounds[0][1], bounds[1][2] = fitted.theta[1], fitted.theta[2]
    held = replace(fitted, problem=replace(fitted.problem, low=bounds[0], high=bounds[1]))
    found = _at_bounds(held, low.copy(), high.copy())
    assert found[0].tolist() == [0.0, fitted.theta[1], 2.0]
    assert found[1].tolist() == [10.0, 11.0, fitted.theta[2]]
    free = _at_bounds(fitted, low.copy(), high.copy())
    assert (free[0].tolist(), free[1].tolist()) == (low.tolist(), high.tolist())


@pytest.mark.parametrize("objective", [SQUARES, Objective()])
def test_under_priors_an_end_is_where_the_penalised_objective_has_risen_by_t_squared(objective):
    fitted = curve(objective=objective)
    problem, pull = fitted.problem, strength(fitted.scale, fitted.delta)

    def lowest(held):
        def value(rest):
            theta = np.array([rest[0], held, rest[1]])[None]
            squares = huber(problem.residuals(theta)[0], problem.weights, fitted.delta)[0]
            return squares + pull * (problem.penalty.residuals(theta)[0] ** 2).sum() / 2

        return minimize(value, fitted.theta[[0, 2]], method="Nelder-Mead",
                        options={"xatol": 1e-8, "fatol": 1e-14, "maxiter": 400}).fun  # fmt: skip

    centre, variance = fitted.theta[1], noise_variance(fitted)
    limit = lowest(centre) + variance * stats.t.ppf(0.9, naive(fitted).freedom) ** 2 / 2
    error = naive(fitted).errors(fitted)[1]
    low, high = profile(fitted, 0.8)
    for found, side in ((low[1], -1), (high[1], 1)):
        near, far = sorted((centre + side * 0.05 * error, centre + side * 6 * error))
        exact = brentq(lambda held: lowest(held) - limit, near, far, xtol=1e-6)
        assert found == pytest.approx(exact, abs=0.01 * abs(exact - centre))


def test_noise_that_changes_with_scale_widens_the_interval_as_it_widens_the_errors():
    fitted = curve(40, priors=False, law="power", growth=1 / 9)
    assert noise_model(fitted).is_uneven
    place = Quantities(fitted.problem).names.index("b")
    error = naive(fitted).errors(fitted)[place]
    times = uneven_errors(fitted)[place] / error
    low, high = profile(fitted, 0.9)
    reach = stats.t.ppf(0.95, 38) * error * times
    assert (low[place], high[place]) == pytest.approx((fitted.theta[1] - reach, fitted.theta[1] + reach), rel=2e-3)
    assert times > 1.05


def test_what_the_data_do_not_move_has_no_interval():
    fitted = curve(priors=False)
    bound = fitted.problem.low.copy()
    bound[2] = fitted.theta[2]
    low, high = profile(replace(fitted, problem=replace(fitted.problem, low=bound)), 0.9)
    assert low[2] == fitted.theta[2]
    assert np.isnan(high[2])
    assert np.isfinite([*low[:2], *high[:2]]).all()
