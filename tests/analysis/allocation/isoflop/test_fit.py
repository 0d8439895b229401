"""Minima of IsoFLOP curves, and the replicates from which their intervals come."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.isoflop.budgets import find_budgets
from scaling_cli.analysis.allocation.isoflop.fit import (
    CONCAVE,
    Minima,
    biases,
    check_curves,
    curve_minima,
    fit_exact,
    replicate_data,
    resampling_of,
)
from scaling_cli.analysis.allocation.isoflop.minima import parabola_bias
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.objective import Objective
from scaling_cli.record import replace
from tests.analysis.allocation.surfaces import BUDGETS, HOFFMANN, best_params, isoflop_frame, points_of

PLAIN = Settings(objective=Objective("least-squares"))
DRAWS = Resampling(6, 0, 0)


@pytest.fixture(scope="module")
def points():
    return points_of(isoflop_frame(HOFFMANN, offsets=np.linspace(-1, 1, 5), budgets=BUDGETS[::4], noise=0.001))


@pytest.fixture(scope="module")
def budgets(points):
    return find_budgets(points)


@pytest.fixture(scope="module")
def exact(points, budgets):
    return fit_exact(points, budgets[:2], PLAIN)


class TestReplicateData:
    def test_without_an_interval_there_are_the_observed_losses_alone(self, points):
        data = replicate_data(points, None, PLAIN, None)
        assert data.loss.tolist() == [points.loss.tolist()]
        assert (data.weights == 1).all()

    @pytest.mark.parametrize("interval", ["wild", "bootstrap"])
    def test_runs_are_drawn_with_replacement_where_there_is_no_exact_curve_to_depart_from(self, points, interval):
        data = replicate_data(points, None, replace(PLAIN, interval=interval), DRAWS)
        assert data.weights.shape == (7, len(points.loss))
        assert (data.weights[0] == 1).all()
        assert (data.weights[1:].sum(axis=1) == len(points.loss)).all()
        assert (data.loss == points.loss).all()

    def test_the_bootstrap_draws_runs_beside_an_exact_curve_too(self, points, exact):
        data = replicate_data(points, exact, replace(PLAIN, interval="bootstrap"), DRAWS)
        assert (data.loss == points.loss).all()
        assert (data.weights[1:] != 1).any(axis=1).all()

    def test_wild_replicates_are_the_exact_curve_with_residuals_turned(self, points, exact):
        data = replicate_data(points, exact, PLAIN, DRAWS)
        assert (data.weights == 1).all()
        assert data.loss[0].tolist() == points.loss.tolist()
        others = np.setdiff1d(np.arange(len(points.loss)), exact.index)
        assert len(others) > 0
        assert (data.loss[:, others] == points.loss[others]).all()
        curve = np.exp(np.log(points.loss[exact.index]) - exact.fitted.linearised[0])
        assert data.loss[1:, exact.index] == pytest.approx(np.tile(curve, (6, 1)), rel=0.02)
        assert (data.loss[1:, exact.index] != curve).all()


class TestExact:
    def test_minima_are_near_the_best_sizes_with_the_tokens_of_the_budget(self, points, budgets, exact):
        minima, shape = exact.minima(points, exact.fitted.theta[None])
        compute = np.exp([each.log_compute for each in budgets[:2]])
        assert np.exp(minima.log_params[0]) == pytest.approx(best_params(HOFFMANN, compute), rel=0.1)
        assert np.exp(minima.log_params + minima.log_tokens)[0] == pytest.approx(compute / 6)
        assert [each.shape for each in (shape.floor, shape.alpha, shape.beta)] == [(1,)] * 3

    def test_a_minimum_outside_the_sizes_of_the_runs_is_none(self, points, exact):
        theta = np.tile(exact.fitted.theta, (3, 1))
        theta[1, 3] = exact.span[0, 0] - 0.01
        theta[2, 4] = exact.span[1, 1] + 0.01
        found = np.isnan(exact.minima(points, theta)[0].log_params)
        assert found.tolist() == [[False, False], [True, False], [False, True]]

    def test_without_an_interval_there_is_the_estimate_alone(self, exact):
        assert exact.replicates(PLAIN, None).tolist() == [exact.fitted.theta.tolist()]

    def test_the_estimate_comes_before_its_replicates(self, exact):
        found = exact.replicates(PLAIN, Resampling(4, 0, 0))
        assert found.shape == (5, len(exact.fitted.theta))
        assert found[0].tolist() == exact.fitted.theta.tolist()


class TestCurves:
    def test_a_curve_that_bends_downwards_is_refused(self, points, budgets):
        loss = points.loss.copy()
        loss[budgets[1].index] = 10 - loss[budgets[1].index]
        checks = check_curves(replace(points, loss=loss), budgets)
        assert [each.refused for each in checks] == ["", CONCAVE, ""]
        assert [each.curvature > 0 for each in checks] == [True, False, True]

    @pytest.mark.parametrize("profile", ["parabola", "akima"])
    def test_replicates_have_their_own_minima_by_budget(self, points, budgets, profile):
        data = replicate_data(points, None, PLAIN, None)
        lower = replace(data, weights=np.tile(data.weights, (2, 1)), loss=np.concatenate([data.loss, data.loss - 0.1]))
        found = curve_minima(profile, points, budgets, lower)
        assert found.profile == profile
        assert found.log_params.shape == (2, 3)
        assert found.log_params[1] == pytest.approx(found.log_params[0])
        assert found.loss[1] == pytest.approx(found.loss[0] - 0.1)

    def test_a_run_that_a_replicate_does_not_draw_does_not_count_for_a_spline(self, points, budgets):
        data = replicate_data(points, None, PLAIN, None)
        wrong = data.loss.copy()
        dropped = budgets[0].index[0]
        wrong[0, dropped] = 0.1
        weights = data.weights.copy()
        weights[0, dropped] = 0
        one, other = (
            curve_minima("akima", points, budgets, replace(data, loss=loss, weights=weights))
            for loss in (data.loss, wrong)
        )
        assert one.log_params == pytest.approx(other.log_params)


def test_refused_budgets_have_no_minimum():
    grid = np.arange(6.0).reshape(2, 3)
    found = Minima("exact", np.zeros(3), grid, grid, grid).without([False, True, False])
    for values in (found.log_params, found.log_tokens, found.loss):
        assert np.isnan(values).tolist() == [[False, True, False]] * 2
    assert found.log_compute.tolist() == [0, 0, 0]


def test_the_bias_of_a_parabola_is_that_of_the_grid_around_the_minimum(points, budgets, exact):
    minima, shape = exact.minima(points, exact.fitted.theta[None])
    unknown = minima.without([False, True])
    found = biases(points, budgets[:2], unknown, shape)
    offsets = points.log_params[budgets[0].index] - minima.log_params[0, 0]
    assert found[0] == pytest.approx(parabola_bias(float(shape.alpha[0]), float(shape.beta[0]), offsets))
    assert np.isnan(found[1])


def test_no_interval_draws_no_replicates():
    assert resampling_of(replace(PLAIN, interval="none"), 3) is None
    assert resampling_of(replace(PLAIN, replicates=7, seed=5), 3) == Resampling(7, 5, 3)
