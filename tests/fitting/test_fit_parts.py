"""What a fit reports beside its estimates, by hand and at the limits of its caveats."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.fit import (
    Grouped,
    Settings,
    _floor_doubts,
    _objective,
    _observations,
    _quality,
    _replicate_doubts,
    _starts,
    fit,
)
from scaling_cli.fitting.intervals import Intervals, _corrected
from scaling_cli.fitting.linear import run_influences
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.fitting.solve import Solution
from scaling_cli.fitting.uncertainty import Replicates, wild
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate, IntervalMethod

SQUARES = Objective("least-squares")
PLAIN = Settings(objective=SQUARES, interval="none")


def curve(points=16, law="power-constant", noise=0.01, runs=None):
    x = np.geomspace(1e18, 1e22, points)
    loss = (600 * x**-0.15 + 1.8) * np.exp(noise * np.random.default_rng(0).standard_normal(points))
    return problem_from_arrays(find_law(law), {"x": x}, loss, np.arange(points) if runs is None else runs)


def grouped(problem, **options):
    runs = tuple(f"run {place}" for place in range(problem.run_count))
    return Grouped(problem, {}, {"x": "x"}, {"x": (1.0, 2.0)}, runs, **options)


CURVE = curve()
FITTED = optimum(CURVE, SQUARES)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.0, 1.6, "is only 0.5 above"),
        (1e-9, 0.4, None),
        (1.3, 1.79, None),
        (1.3, 1.81, "is only 0.5 above"),
        (None, 1.9, None),
        (1.0, None, None),
    ],
)
def test_a_floor_is_unknown_where_its_interval_reaches_zero_or_is_wider_than_its_distance_to_the_data(low, high, words):
    estimate = float(CURVE.observed.min()) - 0.5
    known = dict.fromkeys(("a", "b"), Estimate(1.0, 0.0, 9.0)) | {"c": Estimate(estimate, low, high)}
    found = [each.message for each in _floor_doubts(CURVE, known, None)]
    assert len(found) == (words is not None)
    assert all(words in message for message in found)
    known["c"] = Estimate(None, 0.0, 9.0)
    assert _floor_doubts(CURVE, known, None) == []


def test_a_floor_above_the_data_says_so():
    known = dict.fromkeys(("a", "b"), Estimate(1.0)) | {"c": Estimate(float(CURVE.observed.min()) + 0.25, 1.9, 2.2)}
    (found,) = _floor_doubts(CURVE, known, None)
    assert "lies 0.25 below" in found.message


def made(method="wild", theta=None, failed=0, low=None):
    low = np.zeros(3) if low is None else np.array(low)
    drawn = None if theta is None else Replicates(np.asarray(theta, float), failed)
    return Intervals(low, np.ones(3), IntervalMethod(method, 0.95, 0, None), drawn)


def codes(made_, asked=100):
    return [each.code for each in _replicate_doubts(CURVE, made_, asked, None)]


def test_ends_that_a_profile_does_not_have_are_named():
    (found,) = _replicate_doubts(CURVE, made("profile", low=[0.0, np.nan, np.nan]), 0, None)
    assert found.code == "open-interval"
    assert "b, c" in found.message
    ends = replace(made("profile"), high=np.array([np.nan, 1.0, 1.0]))
    assert codes(ends) == ["open-interval"]
    assert codes(made("profile")) == codes(made("t", low=[np.nan] * 3)) == []


@pytest.mark.parametrize(("at_bound", "is_often"), [(5, False), (6, True)])
@pytest.mark.parametrize("side", ["low", "high"])
def test_replicates_at_a_bound_are_told_beyond_one_in_twenty(at_bound, is_often, side):
    theta = np.tile(FITTED.theta, (100, 1))
    bounds = np.full(3, -1e3), np.full(3, 1e3)
    problem = replace(CURVE, low=bounds[0], high=bounds[1])
    theta[:at_bound, 1] = getattr(problem, side)[1]
    found = _replicate_doubts(problem, made(theta=theta), 100, None)
    assert [each.code for each in found] == ["replicates-at-bound"] * is_often
    assert all("6 %" in each.message or "6%" in each.message for each in found)


def test_replicates_that_failed_are_counted():
    (found,) = _replicate_doubts(CURVE, made(theta=np.tile(FITTED.theta, (97, 1)), failed=3), 100, None)
    assert found.code == "replicates-failed"
    assert "3" in found.message
    assert codes(made(theta=np.empty((0, 3)), failed=100)) == ["replicates-failed"]


def test_the_quality_is_that_of_log_residuals():
    found = _quality(FITTED)
    predicted = CURVE.predictions(FITTED.theta[None])[0]
    off = np.log(CURVE.observed / predicted)
    assert found.rmse_log == pytest.approx(np.sqrt(np.mean(off**2)))
    assert found.mape == pytest.approx(np.mean(np.abs(predicted / CURVE.observed - 1)))
    assert found.r2_log == pytest.approx(1 - np.mean(off**2) / np.var(np.log(CURVE.observed)))


def test_without_logs_or_without_a_spread_there_is_less_quality():
    few = _quality(replace(FITTED, log_residuals=FITTED.log_residuals[:8]))
    assert np.isnan(few.rmse_log)
    assert few.r2_log is None
    level = replace(CURVE, observed=np.full(16, 2.0))
    found = _quality(replace(FITTED, problem=level))
    assert found.r2_log is None
    assert np.isfinite(found.rmse_log)
    some = replace(CURVE, observed=np.where(np.arange(16) < 2, [0.0] * 16, CURVE.observed))
    kept = np.log(CURVE.observed[2:])
    found = _quality(replace(FITTED, problem=some))
    assert found.r2_log == pytest.approx(1 - (FITTED.log_residuals**2).sum() / ((kept - kept.mean()) ** 2).sum())


def test_the_objective_has_a_delta_only_where_it_counts():
    assert _objective(FITTED, grouped(CURVE)).delta is None
    robust = optimum(CURVE, Objective())
    found = _objective(robust, grouped(CURVE, weights="1 / x", prior="weak"))
    assert (found.name, found.space, found.delta, found.value) == ("huber", "log", robust.delta, robust.value)
    assert (found.weights, found.prior) == ("1 / x", "weak")


def test_starts_are_reported_with_each_optimum_near_the_best():
    theta = np.stack([FITTED.theta, FITTED.theta + np.array([0.5, 0, 0]), FITTED.theta])
    ended = Solution(theta, np.array([1.0, 1.005, 1.0]), np.ones(3), np.ones(3, dtype=bool))
    found = _starts(replace(FITTED, polished=ended))
    assert (found.tried, found.agreeing) == (3, 2)
    values = CURVE.parameters(theta)
    assert [optimum_.objective for optimum_ in found.optima] == [1.0, 1.005]
    for optimum_, row in zip(found.optima, values, strict=False):
        assert list(optimum_.parameters.values()) == pytest.approx(row.tolist())


def test_observations_have_the_names_of_the_points_runs():
    problem = curve(runs=np.arange(16) // 4)
    fitted = optimum(problem, SQUARES)
    found = _observations(fitted, grouped(problem, compute=problem.columns["x"]))
    assert found.names == tuple(f"run {place // 4}" for place in range(16))
    assert list(found.observed) == problem.observed.tolist()
    assert list(found.predicted) == pytest.approx(problem.predictions(fitted.theta[None])[0].tolist())
    assert list(found.compute) == list(found.inputs["x"]) == problem.columns["x"].tolist()
    assert _observations(fitted, grouped(problem)).compute is None


def test_other_objectives_are_fitted_only_where_they_are_asked_for():
    plain, _ = fit(grouped(CURVE), PLAIN)
    asked, _ = fit(grouped(CURVE), replace(PLAIN, spread=True))
    assert plain.spread is None
    assert [(each.objective.name, each.objective.space) for each in asked.spread] == [
        ("huber", "log"), ("huber", "log"), ("lad", "log"), ("least-squares", "linear"),
    ]  # fmt: skip


def test_groups_of_a_paired_design_draw_the_same_and_others_their_own():
    settings = Settings(objective=SQUARES, replicates=30)
    own, _ = fit(replace(grouped(CURVE), group={"arch": "a"}), settings)
    other, _ = fit(replace(grouped(CURVE), group={"arch": "b"}), settings)
    paired = [fit(replace(grouped(CURVE, drawn_as={}), group={"arch": name}), settings)[0] for name in "ab"]
    assert own.draws != other.draws
    assert paired[0].draws == paired[1].draws
    assert own.interval.unit == "run"
    assert len(own.draws) == own.interval.replicates == 30


def test_runs_at_equal_inputs_that_err_together_are_resampled_by_configuration():
    x = np.repeat(np.geomspace(1e18, 1e22, 8), 3)
    random = np.random.default_rng(3)
    loss = 30 * x**-0.06 * np.exp(np.repeat(0.05 * random.standard_normal(8), 3) + 1e-3 * random.standard_normal(24))
    problem = problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(24))
    wild_, caveats = fit(grouped(problem), Settings(objective=SQUARES, replicates=20))
    assert wild_.interval.unit == "configuration"
    (told,) = [each.message for each in caveats if each.code == "runs-err-together"]
    assert "the interval resamples all runs at equal inputs together" in told
    by_t, caveats = fit(grouped(problem), Settings(objective=SQUARES, interval="profile"))
    assert by_t.interval.unit is None
    (told,) = [each.message for each in caveats if each.code == "runs-err-together"]
    assert "too narrow" in told
    none, caveats = fit(grouped(problem), PLAIN)
    assert "runs-err-together" not in {each.code for each in caveats}
    assert none.interval.unit is None


def test_bias_corrected_ends_are_efrons():
    """Efron 1987, equation 6.8, with the acceleration of the influences of single runs."""
    problem = curve(24, law="power")
    fitted = optimum(problem, SQUARES)
    quantities = Quantities(problem)
    values = quantities.scaled(wild(fitted, Resampling(60, 0, 1)).theta)
    values[:5, 1] = quantities.scaled(fitted.theta[None])[0, 1]  # replicates at the estimate count half
    tails = np.array([0.05, 0.95])[:, None]
    found = _corrected(fitted, quantities, values, tails)
    centre = quantities.scaled(fitted.theta[None])[0]
    for place in range(2):
        below = (np.sum(values[:, place] < centre[place]) + np.sum(values[:, place] == centre[place]) / 2) / 60
        bias = stats.norm.ppf(below)
        effects = (run_influences(fitted) @ np.linalg.inv(problem.shift).T)[:, place]
        acceleration = (effects**3).sum() / (6 * (effects**2).sum() ** 1.5)
        for side in range(2):
            point = bias + stats.norm.ppf(tails[side, 0])
            assert found[side, place] == pytest.approx(stats.norm.cdf(bias + point / (1 - acceleration * point)),
                                                       rel=1e-4)  # fmt: skip


@pytest.mark.parametrize(("offset", "share"), [(-1e3, 0.5 / 60), (1e3, 1 - 0.5 / 60)])
def test_replicates_all_on_one_side_have_a_finite_correction(offset, share):
    problem = curve(24, law="power")
    fitted = optimum(problem, SQUARES)
    centre = Quantities(problem).scaled(fitted.theta[None])
    found = _corrected(fitted, Quantities(problem), np.tile(centre - offset, (60, 1)), np.array([[0.5]]))
    effects = run_influences(fitted) @ np.linalg.inv(problem.shift).T
    acceleration = (effects**3).sum(axis=0) / (6 * (effects**2).sum(axis=0) ** 1.5)
    bias = stats.norm.ppf(share)
    assert found[0] == pytest.approx(stats.norm.cdf(bias + bias / (1 - acceleration * bias)), rel=1e-4)


def test_a_formula_whose_parameters_are_unknown_is_named_and_has_no_intervals():
    x = np.geomspace(1, 100, 20)
    law = replace(law_from_formula("a + b + c / x"), is_predictive=True)
    loss = 3 + 2 / x + 0.01 * np.random.default_rng(0).standard_normal(20)
    problem = problem_from_arrays(law, {"x": x}, loss, np.arange(20), "linear")
    result, caveats = fit(grouped(problem), Settings(objective=SQUARES, replicates=20))
    (told,) = [each.message for each in caveats if each.code == "parameters-unknown"]
    assert "a, b" in told
    assert (result.parameters["a"].low, result.parameters["b"].high) == (None, None)
    assert result.parameters["c"].low < result.parameters["c"].estimate < result.parameters["c"].high
