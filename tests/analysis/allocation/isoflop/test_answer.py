from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import Akima1DInterpolator

from scaling_cli import optimal_allocation
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints, find_budgets
from scaling_cli.analysis.allocation.isoflop.minima import akima, parabola, parabola_bias
from scaling_cli.analysis.allocation.isoflop.profile import SHARED, profile_law
from scaling_cli.errors import FitError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import problem_from_arrays
from tests.analysis.allocation.surfaces import (
    ASYMMETRIC,
    BUDGETS,
    HOFFMANN,
    SYMMETRIC,
    best_params,
    isoflop_frame,
    points_of,
)

GRIDS = {
    "symmetric": (np.linspace(-1.6, 1.6, 11), 0.0),
    "asymmetric": (np.array([-2.5, -1.1, -0.8, -0.2, 0.3, 0.35, 0.9]), 0.0),
    "off-centre": (np.linspace(-0.4, 2.6, 9), 0.0),
    "drifting": (np.linspace(-1.8, 1.0, 9), 0.12),
}

# Error of best tokens in per cent, on 15 points within a factor of the minimum: Open-Athena/scaling-law-analysis.
PUBLISHED_BIAS = {
    HOFFMANN: ((2, -0.327), (4, -1.301), (8, -2.903), (16, -5.100)),
    ASYMMETRIC: ((2, -1.675), (4, -6.498), (8, -13.910), (16, -23.116)),
    SYMMETRIC: ((2, 0.0), (4, 0.0), (8, 0.0), (16, 0.0)),
}
# The same with the grid centred at three times the best tokens, a factor 8 wide on each side.
PUBLISHED_OFF_CENTRE = {SYMMETRIC: 2.645, HOFFMANN: 3.376, ASYMMETRIC: 6.959}


def answered(frame, **options):
    # Exact data have no scale for the automatic delta to settle on, which only costs time.
    defaults = {"budget": (1e21, 1e24), "interval": "none", "approach": "isoflop", "objective": "least-squares"}
    options = defaults | options
    return optimal_allocation(frame, **options)


@pytest.mark.sample
@pytest.mark.parametrize("parameters", [SYMMETRIC, HOFFMANN, ASYMMETRIC])
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("approach", ["isoflop", "parametric"])
def test_exact_runs_give_back_exponents_and_optimum(parameters, grid, approach):
    offsets, drift = GRIDS[grid]
    report = answered(isoflop_frame(parameters, offsets=offsets, drift=drift), approach=approach)
    result = report.results[0]
    *_, alpha, beta = parameters
    assert result.exponents[approach]["params"].estimate == pytest.approx(beta / (alpha + beta), abs=1e-6)
    assert result.exponents[approach]["tokens"].estimate == pytest.approx(alpha / (alpha + beta), abs=1e-6)
    for row in result.allocations:
        assert row.params.estimate == pytest.approx(float(best_params(parameters, row.compute)), rel=1e-6)
    assert all(row.refused is None for row in result.isoflops)


def test_exact_runs_give_back_the_exponents_by_the_default_objective_too():
    frame = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.6, 1.6, 7), budgets=BUDGETS[::4])
    result = answered(frame, objective="huber").results[0]
    assert result.exponents["isoflop"]["params"].estimate == pytest.approx(0.28 / 0.62, abs=1e-6)


@pytest.mark.parametrize("parameters", PUBLISHED_BIAS)
def test_the_parabola_errs_exactly_as_published_and_as_predicted(parameters):
    for factor, error in PUBLISHED_BIAS[parameters]:
        offsets = np.linspace(-np.log(factor), np.log(factor), 15)
        frame = isoflop_frame(parameters, offsets=offsets, budgets=BUDGETS[::3])
        result = answered(frame, profile="parabola").results[0]
        for row in result.isoflops:
            missed = row.params.estimate / float(best_params(parameters, row.compute))
            assert 100 * (1 / missed - 1) == pytest.approx(error, abs=6e-4)
            assert row.parabola_bias == pytest.approx(missed - 1, abs=1e-7)


@pytest.mark.parametrize("parameters", PUBLISHED_OFF_CENTRE)
def test_the_parabola_on_an_off_centre_grid_errs_as_published(parameters):
    offsets = np.linspace(-np.log(8), np.log(8), 15) - np.log(3)
    *_, alpha, beta = parameters
    error = 100 * np.expm1(-parabola_bias(alpha, beta, offsets))
    assert error == pytest.approx(PUBLISHED_OFF_CENTRE[parameters], abs=6e-4)


def test_a_drifting_grid_bends_the_parabolas_exponent_as_predicted():
    frame = isoflop_frame(ASYMMETRIC, offsets=np.linspace(-2.0, 2.0, 11), drift=0.15)
    report = answered(frame, profile="parabola")
    by_name = {each.profile: each for each in report.results[0].profiles}
    true = 0.155 / (0.155 + 0.465)
    assert by_name["parabola"].params_exponent - true == pytest.approx(by_name["parabola"].bias, abs=1e-6)
    assert abs(by_name["parabola"].bias) > 0.005
    assert {each.code for each in report.caveats} >= {"drifting-grid", "parabola-bias"}


def test_runs_that_spend_a_little_more_or_less_do_not_move_the_exact_minima():
    rng = np.random.default_rng(1)
    points = points_of(isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 9)))
    spent = np.exp(rng.uniform(-0.08, 0.08, len(points.loss)))
    params = np.exp(points.log_params)
    tokens = np.exp(points.log_tokens) * spent
    e, a, b, alpha, beta = HOFFMANN
    loss = e + a * params**-alpha + b * tokens**-beta
    moved = AllocationPoints(points.log_params, np.log(tokens), np.log(6 * params * tokens), loss, points.runs)
    budgets = find_budgets(moved)
    assert len(budgets) == len(BUDGETS)
    law, index, columns = profile_law(moved, budgets)
    from scaling_cli.fitting.optimum import optimum

    fitted = optimum(problem_from_arrays(law, columns, moved.loss[index], moved.runs[index]), Objective())
    found = fitted.theta[SHARED : SHARED + len(budgets)]
    truth = np.log(best_params(HOFFMANN, np.exp([each.log_compute for each in budgets])))
    np.testing.assert_allclose(found, truth, atol=1e-8)


def test_the_exact_curves_jacobian_is_that_of_finite_differences():
    points = points_of(isoflop_frame(ASYMMETRIC, offsets=np.linspace(-1, 1, 5), budgets=BUDGETS[:3]))
    law, _, columns = profile_law(points, find_budgets(points))
    inputs = law.prepare(columns)
    theta = np.concatenate([[1.0, 0.4, 0.2], law.first]) + 0.01 * np.random.default_rng(0).normal(size=(3, 9))
    _, jacobian = law.evaluate(theta, inputs)
    for k in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[k] = 1e-6
        above, below = law.evaluate(theta + step, inputs)[0], law.evaluate(theta - step, inputs)[0]
        np.testing.assert_allclose(jacobian[:, :, k], (above - below) / 2e-6, atol=1e-7)


def test_akima_is_scipys():
    rng = np.random.default_rng(0)
    for _ in range(30):
        x = np.sort(rng.uniform(0, 5, 9))
        y = (x - 2.2) ** 2 + 0.3 * rng.normal(size=9)
        place, value = akima(x, y)
        spline = Akima1DInterpolator(x, y)
        fine = np.linspace(x[0], x[-1], 100_001)
        best = np.argmin(spline(fine))
        if np.isnan(place):
            assert best in (0, len(fine) - 1)
        else:
            assert value <= spline(fine)[best] + 1e-12
            assert spline(place) == pytest.approx(value, abs=1e-12)


def test_weights_of_the_parabola_are_repeated_points():
    rng = np.random.default_rng(0)
    x, y = np.linspace(-1, 1, 8), np.linspace(-1, 1, 8) ** 2 + 0.01 * rng.normal(size=8)
    times = rng.integers(1, 4, 8)
    weighted = parabola(x, y, times[None].astype(float))
    repeated = parabola(np.repeat(x, times), np.repeat(y, times), np.ones((1, times.sum())))
    # Both are the same parabola, up to where each centres its params.
    np.testing.assert_allclose(weighted[0], repeated[0], rtol=1e-10)


def test_row_order_does_not_matter():
    frame = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 8), noise=0.005)
    one, other = (
        answered(each, profile="akima").results[0] for each in (frame, frame.sample(fraction=1.0, shuffle=True, seed=1))
    )
    for left, right in zip(one.isoflops, other.isoflops, strict=True):
        assert left.params.estimate == pytest.approx(right.params.estimate, rel=1e-12)


def test_one_budget_is_refused_with_the_budgets_to_add():
    frame = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 8), budgets=np.array([1e20]))
    for approach in ("isoflop", "parametric"):
        with pytest.raises(FitError, match=r"an exponent needs (several|two) budgets") as caught:
            answered(frame, approach=approach)
        assert "1e19 FLOPs" in caught.value.hint
        assert "params on" in caught.value.hint


@pytest.mark.parametrize(("offsets", "wanted"), [((-2.4, -0.5), "more"), ((0.5, 2.4), "fewer")])
def test_one_sided_curves_are_refused_with_the_runs_to_add(offsets, wanted):
    frame = isoflop_frame(HOFFMANN, offsets=np.linspace(*offsets, 8), noise=0.002)
    with pytest.raises(FitError, match=r"minimum outside its runs|bends downwards") as caught:
        answered(frame)
    sizes = frame["params"].to_numpy()[:8]
    added = 2 * sizes.max() if wanted == "more" else sizes.min() / 2
    assert f"{added / 1e6:.3g}M params" in caught.value.hint
    with pytest.raises(FitError, match="the optimum lies outside the data") as caught:
        answered(frame, approach="parametric")
    assert "params on" in caught.value.hint


def test_a_budget_without_a_minimum_is_left_out_by_name():
    good = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 9))
    bad = isoflop_frame(HOFFMANN, offsets=np.linspace(0.6, 2.2, 9), budgets=np.array([1e22]))
    report = answered(good.vstack(bad))
    rows = report.results[0].isoflops
    assert [row.refused is None for row in rows] == [True] * 9 + [False]
    told = next(each for each in report.caveats if each.code == "budgets-refused")
    assert "1e22 FLOPs" in told.message
    assert report.results[0].exponents["isoflop"]["params"].estimate == pytest.approx(0.28 / 0.62, abs=1e-6)


def test_fixed_tokens_per_param_are_refused_with_the_runs_to_add():
    frame = isoflop_frame(SYMMETRIC, offsets=np.array([0.0]), budgets=np.geomspace(1e18, 1e22, 30), noise=0.003)
    with pytest.raises(FitError, match="tokens per param") as caught:
        answered(frame, approach="parametric")
    assert "fewer and more params" in caught.value.hint
    with pytest.raises(FitError, match="no IsoFLOP curve"):
        answered(frame)


def test_budgets_are_found_among_other_runs():
    frame = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 8))
    stray = isoflop_frame(HOFFMANN, offsets=np.array([0.0]), budgets=np.geomspace(1.1e18, 9e22, 25))
    points = points_of(frame.vstack(stray))
    found = [each.compute for each in find_budgets(points)]
    assert len(found) == len(BUDGETS)
    np.testing.assert_allclose(found, BUDGETS, rtol=0.1)
