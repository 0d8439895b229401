"""The simplest law has the weight that it deserves: most where it holds, none where it breaks."""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.forecast import simplest
from scaling_cli.analysis.forecast.recipe import Recipe
from scaling_cli.analysis.forecast.simplest import (
    _basis,
    _log_smooth_factor,
    _mean_factor,
    _powers,
    _smooth,
    _steepness,
    log_bayes_factor,
    probability,
)
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.windows import ForecastPoints, Window
from scaling_cli.errors import FitError
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

NOISE, KNOWN = 0.003, 6.0  # seeds of published sweeps differ by 0.2 to 0.5 %, which counts as six residuals


def curve(loss, count=20, noise=0.003, seed=0, decades=3.0):
    x = np.geomspace(1.0, 10.0**decades, count)
    observed = loss(x) * np.exp(noise * np.random.default_rng(seed).standard_normal(count))
    return ForecastPoints({"x": x}, observed, np.arange(count), x)


def surface(gamma=1.0, noise=0.003, seed=0):
    compute = np.repeat(np.geomspace(1e18, 1e21, 5), 5)
    params = np.sqrt(compute / 120) * np.tile(np.geomspace(0.25, 4, 5), 5)
    tokens = compute / 6 / params
    loss = 1.8 + (480 / params**0.35 + 2100 / tokens**0.37) ** gamma
    observed = loss * np.exp(noise * np.random.default_rng(seed).standard_normal(len(loss)))
    return ForecastPoints({"params": params, "tokens": tokens}, observed, np.arange(len(loss)), compute)


def problem(points, law):
    return problem_from_arrays(find_law(law), dict(points.columns), points.observed, points.runs)


@functools.cache
def of_curve(loss, count=20, noise=0.003, seed=0, decades=3.0):
    """The probability of a power law with a floor for such a curve."""
    return alone(probability(problem(curve(loss, count, noise, seed, decades), "power-constant")))


def one_law(x):
    return 1.5 + 2.0 * x**-0.25


def broken(x):
    return 1.5 + 2.0 * x**-0.1 * (1 + (x / 50) ** 2) ** -0.2


def test_the_bayes_factor_is_the_ratio_of_the_evidence_of_linear_models():
    # By numerical integration over the variance: y ~ N(0, v I) against N(0, v (I + n H)), v of an inverse gamma prior.
    rng = np.random.default_rng(1)
    count, more = 9, 2
    basis = np.linalg.qr(rng.standard_normal((count, more)))[0]
    y = NOISE * (rng.standard_normal(count) + 2 * basis[:, 0])
    variance = NOISE**2 * np.exp(np.linspace(-9, 9, 4001))
    prior = -KNOWN / 2 * (np.log(variance) + NOISE**2 / variance)
    wide = np.eye(count) + count * basis @ basis.T
    evidence = [
        np.sum(np.exp(prior - 0.5 * (count * np.log(variance) + logdet + y @ np.linalg.solve(shape, y) / variance)))
        for shape, logdet in ((np.eye(count), 0.0), (wide, np.linalg.slogdet(wide)[1]))
    ]
    squares = float(y @ y)
    ratio = 1 - float(np.sum((basis.T @ y) ** 2) / squares)
    assert log_bayes_factor(count, 0, more, squares, ratio) == pytest.approx(
        np.log(evidence[1] / evidence[0]), rel=1e-4
    )


def test_points_without_spare_parameters_say_nothing_for_a_rival():
    assert log_bayes_factor(6, 3, 3, 1e-4, 0.0) == -np.inf
    assert log_bayes_factor(20, 3, 2, 1e-4, 1.0) == pytest.approx(-np.log(21))


@pytest.mark.parametrize(("count", "most"), [(6, 0.5), (20, 0.01)])
def test_the_law_that_holds_is_probable_and_one_that_bends_is_not(count, most):
    held = [of_curve(one_law, count, seed=seed) for seed in range(3)]
    bent = [of_curve(broken, count, seed=seed) for seed in range(3)]
    assert np.median(held) > 0.75
    assert np.median(bent) < most


def test_a_longer_list_of_rivals_takes_nothing_from_a_law_that_holds():
    held = [of_curve(one_law, 12, seed=seed) for seed in range(5)]
    assert np.median(held) > 0.88


def test_five_runs_that_scatter_by_two_per_cent_are_more_likely_to_bend():
    found = [of_curve(one_law, 5, noise, seed) for noise in (0.003, 0.02) for seed in range(6)]
    assert np.median(found[:6]) > 0.7
    assert np.median(found[6:]) < 0.4


def test_a_curve_of_few_runs_that_flattens_at_once_has_an_exponent_that_no_curve_of_losses_has():
    steep = [
        alone(probability(problem(curve(lambda x: 2.0 + 0.3 * x**-2.5, 6, seed=seed, decades=0.5), "power-constant")))
        for seed in range(4)
    ]
    assert max(steep) < 0.2


def test_a_surface_of_one_law_is_told_from_one_with_a_power():
    held = [alone(probability(problem(surface(seed=seed), "chinchilla"))) for seed in range(4)]
    bent = [alone(probability(problem(surface(0.6, 0.001, seed), "chinchilla"))) for seed in range(4)]
    assert np.median(held) > 0.6
    assert np.median(bent) < 0.05


def test_a_law_that_holds_is_forecast_almost_as_well_as_by_its_own_fit():
    far = {"x": np.array([1e4, 1e5])}
    truth = np.log(one_law(far["x"]))
    errors = []
    for seed in range(2):
        made = forecast(curve(one_law, 12, seed=seed), replicates=2)
        alone = made.stack.log_losses(far)[-1]
        errors.append(
            [
                np.abs(each - truth).mean()
                for each in (made.mean(far), alone, made.averaged.mean(made.stack.log_losses(far)[:-1]))
            ]
        )
    mixed, plain, averaged = np.median(errors, axis=0)
    assert mixed < 1.5 * plain
    assert mixed < averaged


def test_exact_runs_of_one_law_give_it_all_but_the_price_of_asking():
    assert of_curve(one_law, noise=0.0) > 0.8


def test_intervals_keep_their_width_and_move_with_the_forecast():
    made = forecast(curve(one_law, 12), replicates=20)
    far = {"x": np.array([1e4])}
    bands = made.bands(far, far["x"])
    assert made.stack.fits[-1].candidate.name == "power-constant (least squares)"
    assert bands.estimate == pytest.approx(made.mean(far))
    assert bands.by_law.shape[0] == len(made.averaged.fits) + 1


def test_a_law_or_an_estimator_that_the_user_chose_is_left_alone():
    points = curve(one_law, 12)
    for made in (
        forecast(points, laws=(find_law("power-constant"),), replicates=2),
        forecast(points, recipe=Recipe(objective="lad"), replicates=2),
    ):
        assert made.stack is made.averaged


def test_four_points_have_no_weight_for_a_law_of_three_parameters():
    made = forecast(curve(one_law, 4), replicates=2)
    assert made.stack is made.averaged


@pytest.mark.parametrize("times", [1e-3, 1e18])
def test_units_of_the_inputs_do_not_matter(times):
    for loss in (one_law, broken):
        points = curve(loss, 12, noise=0.004)
        other = replace(points, columns={"x": times * points.columns["x"]})
        expected = of_curve(loss, 12, 0.004)
        assert alone(probability(problem(other, "power-constant"))) == pytest.approx(expected, rel=1e-3)
    points = surface()
    other = replace(points, columns={name: times * values for name, values in points.columns.items()})
    expected = alone(probability(problem(points, "chinchilla")))
    assert alone(probability(problem(other, "chinchilla"))) == pytest.approx(expected, rel=1e-3)


def test_the_order_of_runs_does_not_matter():
    points = curve(one_law, 12, noise=0.004)
    turned = points.at(np.arange(12)[::-1])
    assert alone(probability(problem(turned, "power-constant"))) == pytest.approx(
        of_curve(one_law, 12, 0.004), rel=1e-6
    )


def test_the_smooth_function_has_the_correlations_of_a_gaussian_process_over_the_range():
    points = problem(curve(one_law, 9, decades=2.0), "power-constant")
    features = _smooth(points)
    place = np.linspace(0, 1, 9)
    assert features @ features.T == pytest.approx(np.exp(-0.5 * (place[:, None] - place) ** 2), abs=1e-6)


def test_the_factor_of_a_smooth_function_is_the_ratio_of_the_evidence_of_two_gaussians():
    """Outside of what the law can follow: noise v I against v (I + K), K of mean eigenvalue 30 squared."""
    rng = np.random.default_rng(2)
    basis = np.linalg.qr(rng.standard_normal((9, 3)))[0]
    features = rng.standard_normal((9, 4)) * np.array([3.0, 1.0, 0.3, 0.1])
    off = np.linalg.qr(np.hstack([basis, rng.standard_normal((9, 6))]))[0][:, 3:]
    inside = off.T @ features
    kernel = inside @ inside.T
    kernel *= 30.0**2 * 6 / np.trace(kernel)
    y = NOISE * (rng.standard_normal(6) + inside[:, 0])
    variance = NOISE**2 * np.exp(np.linspace(-9, 9, 4001))
    prior = -KNOWN / 2 * (np.log(variance) + NOISE**2 / variance)
    evidence = [
        np.sum(np.exp(prior - 0.5 * (6 * np.log(variance) + logdet + y @ np.linalg.solve(shape, y) / variance)))
        for shape, logdet in ((np.eye(6), 0.0), (np.eye(6) + kernel, np.linalg.slogdet(np.eye(6) + kernel)[1]))
    ]
    found = _log_smooth_factor(off @ y, basis, features, 0.0)
    assert found == pytest.approx(np.log(evidence[1] / evidence[0]), rel=1e-4)
    assert _log_smooth_factor(y[:3], np.eye(3), features[:3], 0.0) == -np.inf


def test_bends_are_products_of_logs_up_to_the_highest_degree():
    points = problem(surface(), "chinchilla")
    n, d = (np.log(values) for values in (points.columns["params"], points.columns["tokens"]))
    n, d = ((each - each.mean()) / (each.max() - each.min()) for each in (n, d))
    assert _powers(points, 2) == pytest.approx(np.stack([n * n, n * d, d * d], axis=1))
    cubes = [n * n * n, n * n * d, n * d * d, d * d * d]
    assert _powers(points, 3) == pytest.approx(np.stack([n * n, n * d, d * d, *cubes], axis=1))


def test_mean_factors_leave_out_rivals_that_points_cannot_determine():
    assert _mean_factor([]) == 0.0
    assert _mean_factor([-np.inf]) == 0.0
    assert _mean_factor([np.log(2.0), -np.inf, np.log(5.0)]) == pytest.approx(3.5)
    assert np.isfinite(_mean_factor([1e4]))


def test_a_basis_has_the_rank_of_its_columns():
    columns = np.random.default_rng(0).standard_normal((7, 2))
    basis = _basis(np.hstack([columns, columns @ np.array([[1.0], [2.0]])]))
    assert basis.shape == (7, 2)
    assert basis.T @ basis == pytest.approx(np.eye(2), abs=1e-12)
    assert basis @ (basis.T @ columns) == pytest.approx(columns)


@pytest.mark.parametrize("exponent", [0.2, 0.35, 0.9, 2.5])
def test_only_exponents_above_the_typical_one_are_steep(exponent):
    points = problem(curve(lambda x: 2.0 + x**-exponent, 12, noise=0.0, decades=1.5), "power-constant")
    wanted = max(np.log(exponent / 0.35) / 0.7, 0.0)
    assert _steepness(optimum(points, Objective("least-squares"))) == pytest.approx(wanted, abs=1e-4)
    assert _steepness(optimum(problem(surface(), "chinchilla"), Objective("least-squares"))) == 0.0


def test_a_simplest_law_that_cannot_be_fitted_and_rivals_that_cannot_are_left_out(monkeypatch):
    points = curve(one_law, 12)
    expected = alone(probability(problem(points, "power-constant")))

    def fails(*_, **__):
        raise FitError("no", hint="")

    averaged = forecast(points, laws=(find_law("power"),), replicates=2).averaged
    monkeypatch.setattr(simplest, "problem_from_arrays", fails)
    without = alone(probability(problem(points, "power-constant")))
    assert without != expected
    fitted = optimum(problem(points, "power-constant"), Objective("least-squares"))
    squares = {name: alone(simplest._squares(fitted.problem, name)) for name in ("m4", "bnsl-monotone")}
    factors = list(simplest._log_factors_of_laws(fitted, squares))
    # An infinite sum of squares is no smaller than that of the law itself.
    assert factors == pytest.approx([-more / 2 * np.log(13) for more in (len(find_law(name).names) - 3
                                     for name in ("m4", "bnsl-monotone"))])  # fmt: skip
    monkeypatch.setattr(simplest, "fit_asking", fails)
    assert alone(simplest.with_simplest(averaged)) is averaged


@pytest.mark.parametrize(
    ("own", "others", "wanted"),
    [
        ((0.02, 0.08), (0.01, 0.02), (2 * 4) ** (1.5 / 2)),  # the mean of the logs of both ratios, to the power 1.5
        ((0.02, 0.01), (0.01, 0.04), 1.0),  # better on the whole
        ((0.0, 0.04), (1e-9, 0.01), 4 ** (1.5 / 2)),  # errors of rounding are one error
    ],
)
def test_a_law_that_failed_on_held_out_runs_weighs_less(own, others, wanted):
    """An origin needs six points for a law of three parameters to count."""
    points = curve(one_law, 12)
    trained = [np.arange(12) < count for count in (9, 6, 5)]
    forecasts = np.log(points.observed) + np.array([*others, 1e-4])[:, None]
    averaged = SimpleNamespace(
        origins=tuple(Window(2.0, 1.0, each) for each in trained), points=points, at_origins=lambda: forecasts
    )  # fmt: skip
    fit = SimpleNamespace(theta=np.zeros(3))
    assert simplest._failure(averaged, fit, np.array([*own, 9.0])) == pytest.approx(wanted)
    none = SimpleNamespace(origins=(), points=points)
    assert simplest._failure(none, fit, np.array([])) == 1.0
