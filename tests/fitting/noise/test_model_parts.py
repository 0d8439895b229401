"""Each step of the model of the noise by hand, by scipy, and at its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from scaling_cli.fitting.leverage import free_jacobian
from scaling_cli.fitting.noise.model import NoiseModel, _variances, noise_model, power_of, scale_of, uneven_errors
from scaling_cli.fitting.objective import MAD_TO_SIGMA, Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.laws import find_law
from scaling_cli.record import replace

SQUARES = Objective("least-squares")
Z = np.linspace(-4, 4, 9)


def line(points=20, growth=1 / 9, objective=SQUARES, weights=None, far=0.0, seed=1):
    generator = np.random.default_rng(seed)
    x = np.geomspace(1e18, 1e22, points)
    noise = 0.01 * np.geomspace(1, growth, points) * generator.standard_normal(points)
    noise[-1] += far
    problem = problem_from_arrays(find_law("power"), {"x": x}, 30 * x**-0.06 * np.exp(noise), np.arange(points),
                                  weights=weights)  # fmt: skip
    return optimum(problem, objective)


def test_the_scale_is_the_log_of_the_product_of_the_inputs():
    columns = [np.array([1.0, 2.0, 4.0]), np.array([3.0, 9.0, 27.0])]
    logs = np.log([3.0, 18.0, 108.0])
    assert scale_of(columns, 3) == pytest.approx(logs - logs.mean())
    assert scale_of(iter(columns[:1]), 3) == pytest.approx(np.log([0.5, 1, 2]))
    assert scale_of([columns[0], np.array([3.0, 0.0, 5.0])], 3).tolist() == [0, 0, 0]
    assert scale_of([np.array([-1.0, 1.0])], 2).tolist() == [0, 0]


def test_deviations_have_the_size_of_the_residuals_and_the_shape_of_the_power():
    weights, weighted = np.array([0.5, 1.5, 1.0]), np.array([0.1, -0.2, 0.3])
    model = NoiseModel(np.array([-1.0, 0.0, 1.0]), weighted, weights, 0.3, 0.1, 2.0)
    assert model.is_uneven
    assert not replace(model, power=0.0).is_uneven
    for row, step in zip(model.deviations(np.array([0.0, -1.5])), (0.0, -1.5), strict=True):
        shape = np.exp((0.3 + 0.1 * step) * np.array([-1.0, 0.0, 1.0]))
        size = np.sqrt(((weighted / shape) ** 2).sum() / 2.0)
        assert row == pytest.approx(size * shape / np.sqrt(weights))


def test_the_power_is_the_likeliest_one():
    """The profile likelihood of log deviations along a line, where no square is cut off."""
    random = np.random.default_rng(4)
    squares = np.minimum(np.exp(2 * 0.15 * Z) * random.chisquare(1, (3, 9)), 3.0) + 0.05
    powers, error, evidence = power_of(squares, Z, 0.7)
    for power, row in zip(powers, squares, strict=True):
        exact = optimize.minimize_scalar(
            lambda p, row=row: np.log((row * np.exp(-2 * p * Z)).mean()) + 2 * p * Z.mean(), bounds=(-1, 1)
        ).x
        assert power == pytest.approx(exact, abs=0.03)
    room = (Z**2).sum()
    assert error == pytest.approx(1 / np.sqrt(2 * room * 0.7))
    assert evidence == pytest.approx((powers / error) ** 2)


def test_the_power_takes_four_steps_of_scoring_and_cuts_squares_off_at_nine():
    squares = np.array([[40.0, 0.1, 2.0, 0.3, 1.0, 0.2, 3.0, 0.4, 0.1]])
    power = 0.0
    for _ in range(4):
        now = np.minimum(squares[0] * np.exp(-2 * power * Z), 9.0)
        power = np.clip(power + ((now / now.mean() - 1) @ Z) / (2 * (Z**2).sum()), -1, 1)
    assert power_of(squares, Z, 1.0)[0] == pytest.approx([power])


def test_the_power_is_at_most_one_either_way_and_zero_without_a_scale():
    steep = np.zeros((1, 9))
    steep[0, -1] = 5.0
    near = np.linspace(-0.1, 0.1, 9)
    assert power_of(steep, near, 1.0)[0] == 1.0
    assert power_of(steep[:, ::-1], near, 1.0)[0] == -1.0
    powers, error, evidence = power_of(np.ones((2, 9)), np.zeros(9), 1.0)
    assert (powers.tolist(), error, evidence.tolist()) == ([0, 0], 0.0, [0, 0])
    assert power_of(np.zeros((1, 9)), Z, 1.0)[0] == pytest.approx([0.0])  # no residuals at all


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, 20)])
def test_the_model_is_that_of_squares_over_what_their_own_point_leaves(weights):
    fitted = line(weights=weights)
    problem = fitted.problem
    root, residual = np.sqrt(problem.weights), problem.residuals(fitted.theta[None])[0][0]
    z = np.log(problem.columns["x"])
    design = root[:, None] * np.column_stack([np.ones(20), z])
    leverage = np.einsum("nk,kl,nl->n", design, np.linalg.inv(design.T @ design), design)
    scale = MAD_TO_SIGMA * np.median(np.abs(residual * root)) * np.sqrt(20 / 18)
    powers, error, evidence = power_of((residual * root / scale)[None] ** 2 / (1 - leverage), z - z.mean(), 18 / 20)
    kept = 1 - 1 / evidence[0]
    found = noise_model(fitted)
    assert found.power == pytest.approx(kept * powers[0], rel=1e-6)
    assert found.error == pytest.approx(error * np.sqrt(kept), rel=1e-6)
    assert found.freedom == 18
    assert found.weighted == pytest.approx(residual * root)
    assert found.along == pytest.approx(z - z.mean())


def test_the_residuals_of_a_robust_fit_are_cut_off_where_its_objective_ends():
    fitted = line(objective=Objective(), seed=5)
    found, residual = noise_model(fitted), fitted.problem.residuals(fitted.theta[None])[0][0]
    scale = MAD_TO_SIGMA * np.median(np.abs(residual)) * np.sqrt(20 / 18)
    most = 3 * 1.345 * scale * np.exp(found.power * found.along)
    assert found.weighted == pytest.approx(np.clip(residual, -most, most), rel=1e-6)


@pytest.mark.parametrize(("points", "is_modelled"), [(7, True), (8, False), (3, True)])
def test_with_six_runs_to_spare_even_noise_needs_no_model(points, is_modelled):
    found = noise_model(line(points, growth=1.0, seed=0))
    assert (found is not None) == is_modelled
    if found is not None:
        assert (found.power, found.error, found.freedom) == (0.0, 0.0, points - 2)


def test_without_a_run_to_spare_or_at_a_bound_or_of_shares_there_is_no_model():
    assert noise_model(line(2)) is None
    fitted = line()
    assert noise_model(fitted) is not None
    bound = replace(fitted.problem, low=np.array([fitted.problem.low[0], fitted.theta[1]]))
    assert noise_model(replace(fitted, problem=bound)) is None
    assert noise_model(replace(fitted, problem=replace(fitted.problem, space="binomial"))) is None
    assert noise_model(replace(fitted, problem=replace(fitted.problem, runs=np.arange(20) // 2))) is None


@pytest.mark.parametrize(("times", "is_modelled"), [(5.5, True), (6.5, False)])
def test_a_residual_beyond_six_times_the_noise_ends_the_model(times, is_modelled):
    fitted = line(40, growth=1 / 9, seed=2, objective=Objective())
    model = noise_model(fitted)
    residual = fitted.problem.residuals(fitted.theta[None])[0][0]
    scale = MAD_TO_SIGMA * np.median(np.abs(residual)) * np.sqrt(40 / 38)
    target = fitted.problem.target.copy()
    place = 20  # in the middle, where it hardly changes the power
    target[place] += times * scale * np.exp(model.power * model.along[place]) - residual[place]
    moved = replace(fitted, problem=replace(fitted.problem, target=target))
    assert (noise_model(moved) is not None) == is_modelled


def weighted_sandwich(fitted, deviations, inside, square):
    """H^-1 J' E psi^2 J H^-1 with H = J' E psi' J."""
    jacobian, weights = free_jacobian(fitted), fitted.problem.weights
    inverse = np.linalg.inv(jacobian.T @ (jacobian * (weights * inside)[:, None]))
    covariance = inverse @ (jacobian.T @ (jacobian * (weights**2 * square)[:, None])) @ inverse
    slopes = Quantities(fitted.problem).gradients(fitted.theta[None])[0]
    return slopes, np.einsum("qi,ij,qj->q", slopes, covariance, slopes)


def test_variances_of_least_squares_are_those_of_weighted_regression():
    fitted, deviations = line(weights=np.linspace(0.5, 1.5, 20)), np.geomspace(0.02, 0.001, 20)
    slopes, exact = weighted_sandwich(fitted, deviations, np.ones(20), deviations**2)
    assert _variances(fitted, slopes, deviations) == pytest.approx(exact, rel=1e-6)


def test_variances_of_a_robust_fit_are_those_of_its_clipped_residuals():
    """E psi' and E psi^2 by numerical integration over the noise of each run."""
    fitted, deviations = line(objective=Objective()), np.geomspace(0.02, 0.0005, 20)
    delta = fitted.delta
    inside = np.array([stats.norm.cdf(delta / s) - stats.norm.cdf(-delta / s) for s in deviations])
    square = np.array([
        integrate.quad(lambda r, s=s: np.clip(r * s, -delta, delta) ** 2 * stats.norm.pdf(r), -12, 12,
                       points=[-delta / s, delta / s] if delta / s < 12 else None)[0]
        for s in deviations
    ])  # fmt: skip
    slopes, exact = weighted_sandwich(fitted, deviations, inside, square)
    assert _variances(fitted, slopes, deviations) == pytest.approx(exact, rel=1e-5)


def test_uneven_errors_average_the_variance_over_the_power():
    fitted = line()
    model = noise_model(fitted)
    slopes = Quantities(fitted.problem).gradients(fitted.theta[None])[0]
    steps = stats.norm.ppf((np.arange(15) + 0.5) / 15)
    variances = [_variances(fitted, slopes, model.deviations(np.array([step]))[0]) for step in steps]
    assert uneven_errors(fitted) == pytest.approx(np.sqrt(np.mean(variances, axis=0)))
    assert uneven_errors(line(growth=1.0, seed=0)) is None
