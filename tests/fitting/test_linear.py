"""Standard errors from the curvature of the fit, against ordinary least squares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from scaling_cli.errors import UsageError
from scaling_cli.fitting.linear import exact, expectations, naive, noise_variance, run_influences, sandwich
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate

SQUARES = Objective("least-squares")


def power(points=20, *, objective=SQUARES, checkpoints=1, weights=None, law="power", slope=-0.06):
    """A fit of a power law with 1 % noise, and its regression: the design, the solution and the residual variance."""
    generator = np.random.default_rng(3)
    x = np.geomspace(1e18, 1e22, points)
    loss = 30 * x**slope * np.exp(0.01 * generator.standard_normal(points))
    problem = problem_from_arrays(find_law(law), {"x": x}, loss, np.arange(points) // checkpoints, weights=weights)
    return optimum(problem, objective), x, loss


def regression(x, loss, weights=None):
    """Covariance of (log a, b) by textbook least squares of log loss on log x."""
    root = np.ones(len(x)) if weights is None else np.sqrt(weights)
    design = root[:, None] * np.stack([np.ones(len(x)), np.log(x)], axis=1)
    found, squares, *_ = np.linalg.lstsq(design, root * np.log(loss), rcond=None)
    return found, np.linalg.inv(design.T @ design) * squares[0] / (len(x) - 2)


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, 20)])
def test_errors_of_independent_points_are_those_of_a_regression(weights):
    fit, x, loss = power(weights=weights)
    covariance = regression(x, loss, weights)[1]
    spread = naive(fit)
    assert spread.freedom == 18
    assert spread.errors(fit) == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-5)
    assert exact(fit).errors(fit) == pytest.approx(spread.errors(fit))


def test_the_sandwich_is_close_to_a_regression_for_even_noise_and_has_fewer_degrees_of_freedom():
    fit, x, loss = power(400)
    assert sandwich(fit).errors(fit) == pytest.approx(np.sqrt(np.diag(regression(x, loss)[1])), rel=0.15)
    assert 100 < sandwich(fit).freedom < 398


def test_a_run_moves_the_fit_by_as_much_as_leaving_it_out_does():
    fit, x, loss = power()
    moved = run_influences(fit)
    for run in (0, 7, 19):
        kept = np.arange(20) != run
        law = find_law("power")
        without = optimum(problem_from_arrays(law, {"x": x[kept]}, loss[kept], np.arange(19)), SQUARES)
        own = fit.problem.parameters(fit.theta[None])[0][1] - without.problem.parameters(without.theta[None])[0][1]
        assert moved[run, 1] == pytest.approx(own, rel=1e-4)


def held_at_bound(fit, place):
    """The fit with its own value of a coordinate as the lower bound."""
    low = fit.problem.low.copy()
    low[place] = fit.theta[place]
    return replace(fit, problem=replace(fit.problem, low=low))


def test_a_coordinate_at_its_bound_has_no_error_and_leaves_a_degree_of_freedom():
    fit = held_at_bound(power()[0], 1)
    spread = naive(fit)
    assert spread.freedom == 19
    assert spread.covariance[1].tolist() == spread.covariance[:, 1].tolist() == [0.0, 0.0]
    assert spread.covariance[0, 0] == pytest.approx(noise_variance(fit) / 20)


def test_the_unit_of_hubers_objective_is_smaller_than_the_variance():
    squares, huber = power(400)[0], power(400, objective=Objective())[0]
    assert noise_variance(squares) == pytest.approx(1e-4, rel=0.2)
    # For Gaussian noise, E psi^2 is 0.710 and E psi' is 0.821 at the delta of 95 % efficiency.
    assert noise_variance(huber) == pytest.approx(0.710 / 0.821 * noise_variance(squares), rel=0.06)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"law": "power-constant"}, "only for laws that are linear in logs"),
        ({"objective": Objective()}, "only for ordinary least squares"),
        ({"checkpoints": 2}, "needs independent points"),
    ],
)
def test_t_is_refused_where_it_is_not_exact(options, words):
    with pytest.raises(UsageError, match=words):
        exact(power(**options)[0])


def expected(fit, **asked):
    return expectations(fit, asked, {name: Estimate(0.0) for name in ("a", "b", "E")}, 0.95)


def test_an_expectation_is_tested_by_students_t():
    fit, *_ = power(60)
    b, error = fit.theta[1], sandwich(fit).errors(fit)[1]
    freedom = sandwich(fit).freedom
    (found,) = expected(fit, b=b + 2 * error).values()
    assert found.p_value == pytest.approx(2 * t.sf(2, freedom))
    assert found.value == b + 2 * error
    reach = t.ppf(0.975, freedom) + t.ppf(0.8, freedom)
    assert found.detects == pytest.approx(reach * error)
    assert found.runs_needed == np.ceil(60 * (reach / 2) ** 2)
    assert expected(fit, b=b - 2 * error)["b"].p_value == pytest.approx(found.p_value)


def test_a_positive_quantity_is_tested_in_logs():
    fit, *_ = power(60)
    raw, error = fit.problem.uncentred(fit.theta[None])[0, 0], sandwich(fit).errors(fit)[0]
    freedom = sandwich(fit).freedom
    value = float(np.exp(raw + error))
    (found,) = expected(fit, a=value).values()
    assert found.p_value == pytest.approx(2 * t.sf(1, freedom))
    reach = t.ppf(0.975, freedom) + t.ppf(0.8, freedom)
    assert found.detects == pytest.approx(value * np.expm1(reach * error))
    for wrong in (0.0, -1.0):
        with pytest.raises(UsageError, match="can only be positive"):
            expected(fit, a=wrong)
    assert expected(fit, b=0.5)["b"].p_value < 1e-9
    assert expected(fit, b=0.0)["b"].value == 0.0


def test_the_value_found_needs_no_number_of_runs():
    fit, *_ = power(60)
    found = expected(fit, b=float(fit.theta[1]))["b"]
    assert (found.p_value, found.runs_needed) == (pytest.approx(1.0), None)


def test_expectations_name_quantities_of_the_law():
    fit, *_ = power(60)
    assert expected(fit) == {}
    with pytest.raises(UsageError, match="no such quantity") as refused:
        expected(fit, gamma=1.0)
    assert "a, b" in refused.value.hint


def test_without_an_error_there_is_no_test():
    found = expected(held_at_bound(power()[0], 1), b=1.0)["b"]
    assert (found.p_value, found.detects, found.runs_needed) == (None, None, None)
