"""Stacks of laws: their weights, widths, errors and track, against sums written out; their fits against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.stats import norm

from scaling_cli.analysis.forecast.candidates import ForecastCandidate, fit_asking, fit_parts, fit_replicates
from scaling_cli.analysis.forecast.recipe import Recipe
from scaling_cli.analysis.forecast.rolling import growth, unit_bias, unit_error
from scaling_cli.analysis.forecast.stack import predict, stacked
from scaling_cli.analysis.forecast.stacked import forecast, origin_errors
from scaling_cli.analysis.forecast.surface_errors import half_widths
from scaling_cli.analysis.forecast.windows import Window, windows
from scaling_cli.errors import DataError, FitError
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.drawing import Resampling, run_weights
from scaling_cli.fitting.prior import strength
from scaling_cli.laws import find_law
from tests.analysis.forecast.test_simplest import curve, one_law, surface

LEAST = Recipe("least-squares")
FLOOR = find_law("power-constant")
RUNS = np.repeat(np.arange(10), 2)


@pytest.fixture(scope="module")
def line():
    return forecast(curve(one_law, 20, noise=0.01), replicates=30, level=0.8, seed=5)


@pytest.fixture(scope="module")
def plane():
    return forecast(surface(noise=0.01), replicates=30, level=0.8)


def fitted_by_scipy(points, weights):
    x, log_loss = points.columns["x"], np.log(points.observed)
    kept = weights > 0

    def missed(p):
        return np.sqrt(weights[kept]) * (
            np.log(np.exp(p[0]) * x[kept] ** -np.exp(p[1]) + np.exp(p[2])) - log_loss[kept]
        )

    return least_squares(missed, (np.log(2.0), np.log(0.25), np.log(1.5)), xtol=1e-14, ftol=1e-14, gtol=1e-14).x


def curve_at(found, x):
    return np.log(np.exp(found[0]) * x ** -np.exp(found[1]) + np.exp(found[2]))


@pytest.mark.parametrize("power", [0.0, 1.5])
def test_laws_are_fitted_to_points_weighted_by_a_power_of_their_scale(power):
    points = curve(one_law, 20, noise=0.003)
    origins = windows(points)
    fit = alone(fit_asking(ForecastCandidate(FLOOR, power, is_plain=True, recipe=LEAST), points, origins))
    at = np.array([1.0, 30.0, 1e3])
    size = points.columns["x"] ** power
    assert predict(fit, fit.theta[None], {"x": at})[0] == pytest.approx(
        curve_at(fitted_by_scipy(points, size), at), abs=1e-5
    )
    assert len(fit.at_origins) == len(origins) > 1
    for origin, row in zip(origins, predict(fit, fit.at_origins, {"x": at}), strict=True):
        assert row == pytest.approx(curve_at(fitted_by_scipy(points, size * origin.trained), at), abs=1e-4)
    assert fit.delta == np.inf


def test_replicates_are_fits_to_resampled_runs_with_the_weights_of_their_points():
    points = curve(one_law, 20, noise=0.003)
    fit = alone(fit_asking(ForecastCandidate(FLOOR, 0.5, is_plain=True, recipe=LEAST), points, ()))
    resampling = Resampling(6, 1, 2)
    at = np.array([3.0, 300.0])
    part = Window(1.0, 1.0, np.arange(20) >= 5)
    start = alone(fit_parts(fit, [part]))[0]
    for kept, found in (
        (np.ones(20), alone(fit_replicates(fit, resampling))),
        (part.trained, alone(fit_replicates(fit, resampling, part, start))),
    ):
        weights = run_weights(resampling, range(6), points.runs) * points.columns["x"] ** 0.5 * kept
        expected = [curve_at(fitted_by_scipy(points, row), at) for row in weights]
        assert predict(fit, found, {"x": at}) == pytest.approx(np.array(expected), abs=5e-4)
    assert curve_at(fitted_by_scipy(points, points.columns["x"] ** 0.5 * part.trained), at) == pytest.approx(
        predict(fit, start[None], {"x": at})[0], abs=1e-4
    )


def test_delta_and_the_strength_of_priors_follow_the_robust_scale_of_the_residuals():
    points = curve(one_law, 40, noise=0.01)
    fit = alone(fit_asking(ForecastCandidate(FLOOR, 0.0), points, ()))
    residuals = fit.problem.residuals(fit.theta[None])[0][0]
    # The median of 40 absolute residuals over that of a standard normal, for 37 degrees of freedom.
    assert fit.scale == pytest.approx(np.median(np.abs(residuals)) / norm.ppf(0.75), rel=0.15)
    assert fit.delta == pytest.approx(1.345 * fit.scale)
    assert fit.strength == pytest.approx(strength(fit.scale, fit.delta), rel=0.5)  # more for correlated residuals
    assert fit.strength >= strength(fit.scale, fit.delta) * (1 - 1e-9)


def test_a_law_without_a_finite_start_is_a_fit_error():
    points = curve(one_law, 8)
    fits = [
        alone(fit_asking(ForecastCandidate(find_law(name), 0.0), points, ())) for name in ("power", "power-constant")
    ]
    made = stacked([FitError("no", hint=""), *fits], points, ())
    assert (len(made.fits), made.weights.tolist()) == (2, [0.5, 0.5])
    with pytest.raises(FitError, match="first"):
        stacked([FitError("first", hint=""), FitError("second", hint="")], points, ())
    with pytest.raises(DataError):
        stacked([DataError("no", hint=""), *fits], points, ())


def test_laws_weigh_one_over_their_root_mean_square_error_at_the_origins(line):
    averaged = line.averaged
    sizes = 1 / np.sqrt((averaged.rolling**2).mean(axis=1))
    assert averaged.weights == pytest.approx(sizes / sizes.sum())
    assert line.stack.weights[:-1] == pytest.approx((1 - line.simplest) * averaged.weights)
    assert line.stack.weights.sum() == pytest.approx(1.0)
    laws = line.laws()
    assert [law.weight for law in laws] == sorted(line.stack.weights, reverse=True)
    by_name = {fit.candidate.name: row for fit, row in zip(line.stack.fits, line.stack.rolling, strict=True)}
    for law in laws:
        assert law.rolling_rmse_log == pytest.approx(np.sqrt(np.mean(by_name[law.law] ** 2)))


def test_errors_and_the_track_are_those_of_the_runs_that_each_origin_leaves_out(line):
    points = line.stack.points
    log_loss, x = np.log(points.observed), points.scale
    rows = origin_errors(line.stack)
    assert len(rows) == len(line.track()) == len(line.stack.origins) > 1
    for i, (origin, row, track) in enumerate(zip(line.stack.origins, rows, line.track(), strict=True)):
        by_law = [predict(fit, fit.at_origins[[i]], points.columns)[0] for fit in line.stack.fits]
        missed = (line.stack.weights @ by_law - log_loss)[~origin.trained]
        assert row.errors == pytest.approx(missed)
        assert row.reach == pytest.approx(x[~origin.trained] / x[origin.trained].max())
        assert row.relative == pytest.approx(missed / np.sqrt(1 + np.log(row.reach) ** 2))
        assert (track.reach, track.trained, track.held_out) == (
            origin.reach, origin.trained.sum(), (~origin.trained).sum(),
        )  # fmt: skip
        assert track.rmse_log == pytest.approx(np.sqrt(np.mean(missed**2)))
        assert track.bias_log == pytest.approx(np.mean(missed))


def mixture(made, at):
    """Variance of the mixture of laws that are averaged: of replicates, and of the laws about their mean."""
    weights = made.averaged.weights
    by_law = made.stack.log_losses(at)
    others = by_law[: len(weights)]
    draws = [predict(fit, theta, at) for fit, theta in zip(made.averaged.fits, made.draws, strict=False)]
    within = weights @ [each.var(axis=0) for each in draws]
    return by_law, within, weights @ (others - weights @ others) ** 2, weights @ others


def test_widths_of_curves_are_normal_with_the_variance_of_laws_and_replicates_and_the_errors_of_origins(line):
    scale = np.array([1e2, 1e4, 1e5])
    bands = line.bands({"x": scale}, scale)
    by_law, within, between, _ = mixture(line, {"x": scale})
    grown = growth(scale / 1e3)
    z = norm.ppf(0.9)
    assert bands.estimate == pytest.approx(line.stack.weights @ by_law)
    assert bands.by_law == pytest.approx(by_law)
    assert bands.confidence == pytest.approx(z * np.sqrt(within + between + (unit_bias(line.errors) * grown) ** 2))
    assert bands.prediction == pytest.approx(z * np.sqrt(within + between + (unit_error(line.errors) * grown) ** 2))
    assert (line.interval().method, line.interval().origins, line.interval().level, line.interval().replicates) == (
        "rolling+bootstrap", len(line.stack.origins), 0.8, 30,
    )  # fmt: skip


def test_widths_of_surfaces_have_the_error_of_the_simplest_law_and_move_with_the_shift(plane):
    at = {"params": np.array([1e9, 1e10]), "tokens": np.array([2e10, 2e11])}
    scale = 6 * at["params"] * at["tokens"]
    bands = plane.bands(at, scale)
    by_law, within, between, others = mixture(plane, at)
    assert plane.stack.is_nested
    assert plane.errors
    share = plane.simplest
    assert 0 < share < 1
    variance = within + share * (1 - share) * (by_law[-1] - others) ** 2
    reach = scale / plane.stack.points.scale.max()
    confidence, prediction = half_widths(variance, plane.errors, reach, 0.8)
    assert bands.confidence == pytest.approx(confidence)
    assert bands.prediction == pytest.approx(prediction)
    assert bands.estimate == pytest.approx(plane.stack.weights @ by_law - plane.shift.at(reach))
    assert plane.mean(at) == pytest.approx(bands.estimate)
    assert (between > 0).all()


def test_without_origins_the_noise_of_a_run_takes_the_place_of_errors():
    made = forecast(curve(one_law, 6, noise=0.01, decades=0.5), replicates=10, level=0.8)
    assert made.errors == () == made.track()
    scale = np.array([30.0])
    bands = made.bands({"x": scale}, scale)
    _, within, between, _ = mixture(made, {"x": scale})
    grown = growth(scale / 10**0.5)
    noise = made.stack.weights @ [fit.scale for fit in made.stack.fits]
    assert made.noise == pytest.approx(noise)
    assert bands.confidence == pytest.approx(norm.ppf(0.9) * np.sqrt(within + between))
    assert bands.prediction == pytest.approx(norm.ppf(0.9) * np.sqrt(within + between + (noise * grown) ** 2))
    assert made.interval().method == "bootstrap+spread"
    assert [law.rolling_rmse_log for law in made.laws()] == [None] * len(made.laws())


def test_laws_with_more_parameters_than_points_are_left_out_but_the_smallest():
    made = forecast(curve(one_law, 5, noise=0.002), replicates=2)
    assert all(fit.candidate.fewest <= 5 for fit in made.stack.fits)
    four = forecast(curve(one_law, 4, noise=0.002), replicates=2, laws=(find_law("m4"), find_law("m3")))
    assert [fit.law.name for fit in four.stack.fits] == ["m3"]
    none = forecast(curve(one_law, 4, noise=0.002), replicates=2, laws=(find_law("bnsl-monotone"), find_law("m4")))
    assert [fit.law.name for fit in none.stack.fits] == ["m4"]  # the smaller one, though four points are too few
