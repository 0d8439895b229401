"""Predictions within the data: the nearest runs, their errors, and the edge to the forecast."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from scaling_cli.analysis.forecast.interpolation import NEAREST, _apart, join_interpolation
from scaling_cli.analysis.forecast.stack import rolling_errors
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.fitting.ask import alone
from scaling_cli.laws import find_law
from scaling_cli.results.forecast import InsidePart
from tests.analysis.forecast.test_simplest import curve, one_law
from tests.analysis.forecast.test_surface_errors import surface


@pytest.fixture(scope="module")
def joined():
    return alone(join_interpolation(forecast(curve(one_law, 24, noise=0.01), replicates=4, level=0.8)))


def test_the_edge_is_an_eighth_of_the_largest_run(joined):
    assert joined.edge == pytest.approx(1e3 / 8)
    scale = np.array([100.0, 124.0, 126.0, 1e5])
    assert joined.is_inside(scale).tolist() == [True, True, False, False]
    columns = {"x": scale}
    stack = joined.interpolation.stack
    inside, beyond = stack.mean(stack.log_losses(columns)), joined.forecast.mean(columns)
    assert joined.mean(columns) == pytest.approx([*inside[:2], *beyond[2:]])
    assert not np.allclose(inside, beyond, rtol=1e-9, atol=0)
    bands, far = joined.bands(columns, scale), joined.forecast.bands(columns, scale)
    near = joined.interpolation.bands(columns)
    for name in ("estimate", "confidence", "prediction"):
        assert getattr(bands, name) == pytest.approx([*getattr(near, name)[:2], *getattr(far, name)[2:]])
    assert bands.by_law.shape == far.by_law.shape
    # The laws of the interpolation are fewer: their mean stands for the others.
    assert bands.by_law[: len(near.by_law), :2] == pytest.approx(near.by_law[:, :2])
    assert bands.by_law[-1, :2] == pytest.approx(near.estimate[:2])


def test_at_most_fifty_replicates_are_drawn_within_the_data():
    for asked, drawn in ((30, 30), (60, 50)):
        made = forecast(curve(one_law, 8, noise=0.01), laws=(find_law("power"),), replicates=asked)
        assert {len(theta) for theta in alone(join_interpolation(made)).interpolation.draws} == {drawn}


def test_laws_within_the_data_weigh_one_over_the_error_of_their_fit(joined):
    stack = joined.interpolation.stack
    points = stack.points
    missed = stack.log_losses(points.columns) - np.log(points.observed)
    sizes = 1 / np.sqrt((missed**2).mean(axis=1))
    assert stack.weights == pytest.approx(sizes / sizes.sum())
    assert joined.interpolation.residuals == pytest.approx(stack.weights @ missed)
    laws = joined.interpolation.laws()
    assert [law.weight for law in laws] == sorted(stack.weights, reverse=True)
    assert joined.part() == InsidePart(joined.edge, laws)


def test_errors_within_the_data_are_those_of_the_six_nearest_runs(joined):
    """Half-widths at 80 %: replicates, spread of the laws, and mean and mean square of the nearest residuals."""
    made, points = joined.interpolation, joined.interpolation.stack.points
    place = {"x": points.columns["x"][[3, 15]] * 1.02}
    bands = made.bands(place)
    for i, x in enumerate(place["x"]):
        near = np.argsort(np.abs(np.log(points.columns["x"] / x)))[:NEAREST]
        residuals = made.residuals[near]
        laws = made.stack.log_losses(place)[:, i]
        drawn = made.stack.replicates(made.draws, place)[:, :, i]
        variance = made.stack.weights @ (drawn.var(axis=1) + (laws - made.stack.weights @ laws) ** 2)
        noise = made.stack.weights @ [fit.scale for fit in made.stack.fits]
        z = norm.ppf(0.9)
        assert bands.confidence[i] == pytest.approx(z * np.sqrt(variance + residuals.mean() ** 2))
        wider = max((residuals**2).mean(), noise**2)
        assert bands.prediction[i] == pytest.approx(z * np.sqrt(variance + wider))


def test_near_runs_of_a_surface_are_near_in_both_logs():
    points = surface(count=4)
    made = alone(join_interpolation(forecast(points, replicates=2))).interpolation
    n, d = (np.log(points.columns[name]) for name in ("params", "tokens"))
    at = {"params": np.array([3e8]), "tokens": np.array([2e9])}
    distance = (n - np.log(3e8)) ** 2 + (d - np.log(2e9)) ** 2
    assert made._nearest(at)[0].tolist() == np.argsort(distance, kind="stable")[:NEAREST].tolist()


def test_errors_at_an_origin_are_those_of_the_runs_that_it_leaves_out(joined):
    stack = joined.forecast.stack
    fit, points, origins = stack.fits[0], stack.points, stack.origins
    found = rolling_errors(fit, points, origins)
    assert len(found) == len(origins) > 1
    for value, theta, origin in zip(found, fit.at_origins, origins, strict=True):
        raw = fit.problem.raw(theta[None])
        predicted = fit.law.evaluate(raw, fit.law.prepare({"x": points.columns["x"]}))[0][0]
        missed = (predicted - np.log(points.observed))[~origin.trained]
        assert value == pytest.approx(np.sqrt(np.mean(missed**2)))
    assert rolling_errors(fit, points, ()) == []


def test_an_input_that_may_be_zero_is_near_as_a_share_of_its_range():
    known = np.array([0.0, 0.1, 0.4])
    assert _apart(np.array([0.3]), known)[0] == pytest.approx([0.75, 0.5, -0.25])
    assert _apart(np.array([0.0]), known + 0.1)[0] == pytest.approx([-0.25, -0.5, -1.25])
    assert _apart(np.array([0.3]), known[1:])[0] == pytest.approx(np.log([3.0, 0.75]))
