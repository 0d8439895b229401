"""Each way to an interval agrees with theory where theory is exact, and with the others where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.errors import UsageError
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.drawing import Resampling, run_multipliers
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.intervals import intervals_asking
from scaling_cli.fitting.leverage import LEFT_OUT, freed_residuals, freedom, residuals
from scaling_cli.fitting.linear import naive, sandwich
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.profile import profile
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.fitting.uncertainty import refit_asking, wild
from scaling_cli.laws import find_law
from tests.factories import grouped
from tests.fitting.test_recovery import simulated
from tests.fitting.test_uncertainty import checkpoints
from tests.grids import one_of_each
from tests.laws.designs import DETERMINED

SQUARES = Objective("least-squares")
RESAMPLING = Resampling(200, 0, 1)


def line(points=14, noise=0.01, seed=2):
    generator = np.random.default_rng(seed)
    x = np.geomspace(1e18, 1e22, points)
    loss = 30 * x**-0.06 * np.exp(noise * generator.standard_normal(points))
    return problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(points))


def curve(points=24, noise=0.004, floor=1.8, seed=9):
    generator = np.random.default_rng(seed)
    x = np.geomspace(1e18, 1e22, points)
    loss = (600 * x**-0.15 + floor) * np.exp(noise * generator.standard_normal(points))
    return problem_from_arrays(find_law("power-constant"), {"x": x}, loss, np.arange(points))


def textbook(problem, level=0.95):
    fitted = stats.linregress(np.log(problem.columns["x"]), np.log(problem.observed))
    reach = stats.t.ppf((1 + level) / 2, len(problem.observed) - 2) * np.array([-1.0, 1.0])
    return {
        "a": np.exp(fitted.intercept + reach * fitted.intercept_stderr),
        "b": fitted.slope + reach * fitted.stderr,
    }


@pytest.mark.parametrize(("method", "tolerance"), [("t", 1e-9), ("profile", 2e-3)])
def test_t_and_profile_are_exact_for_a_line(method, tolerance):
    problem = line()
    found = alone(intervals_asking(optimum(problem, SQUARES), method, 0.95, RESAMPLING))
    expected = textbook(problem)
    ends = dict(zip(problem.law.names, zip(found.low, found.high, strict=True), strict=True))
    width = expected["b"][1] - expected["b"][0]
    assert ends["b"] == pytest.approx(expected["b"], abs=tolerance * width)
    assert np.log(ends["a"]) == pytest.approx(np.log(expected["a"]), abs=tolerance * np.ptp(np.log(expected["a"])))


def test_wild_replicates_of_a_line_have_the_tails_of_student():
    problem = line()
    fitted = optimum(problem, SQUARES)
    found = alone(intervals_asking(fitted, "wild", 0.95, Resampling(4000, 0, 1)))
    low, high = textbook(problem)["b"]
    # Residuals freed of their own pull are larger on average than the textbook's, and random in size.
    assert found.high[1] - found.low[1] == pytest.approx(high - low, rel=0.35)
    assert found.low[1] < fitted.theta[1] < found.high[1]


@pytest.mark.sample
@pytest.mark.parametrize("objective", [SQUARES, Objective(), Objective("lad")], ids=lambda each: each.name)
@pytest.mark.parametrize("method", ["wild", "bootstrap", "bca", "profile", "sandwich"])
def test_every_method_gives_ends_around_each_quantity(method, objective):
    problem, _ = simulated(find_law("chinchilla"), np.random.default_rng(3), noise=0.004)
    fitted = optimum(problem, objective)
    found = alone(intervals_asking(fitted, method, 0.9, RESAMPLING))
    quantities = Quantities(problem)
    values = quantities.of_parameters(problem.parameters(fitted.theta[None]))[0]
    assert len(values) == len(quantities.names) == 7
    assert (found.low < values).all()
    assert (values < found.high).all()


def test_methods_agree_where_runs_are_many():
    fitted = optimum(curve(200), SQUARES)
    widths = []
    for method in ("wild", "bootstrap", "bca", "profile", "sandwich"):
        found = alone(intervals_asking(fitted, method, 0.95, Resampling(2000, 0, 1)))
        widths.append(found.high - found.low)
    # Two thousand replicates place an end of a 95 % interval to about 4 % of its width.
    np.testing.assert_allclose(np.array(widths), widths[-1] * np.ones((5, 1)), rtol=0.15)


def test_profile_meets_scipy_on_the_constrained_fit():
    fitted = optimum(curve(), SQUARES)
    low, high = profile(fitted, 0.95)
    quantities = Quantities(fitted.problem)
    freedom_left = naive(fitted).freedom
    best = float(np.sum(residuals(fitted) ** 2))
    limit = best * (1 + stats.t.ppf(0.975, freedom_left) ** 2 / freedom_left)
    for end in (low[2], high[2]):  # the floor, held by taking it off the loss and fitting the rest freely
        from scipy.optimize import minimize

        def misfit(theta, floor=end):
            return float(np.sum(fitted.problem.residuals(np.array([[*theta, floor]]))[0] ** 2))

        held = minimize(misfit, fitted.theta[:2], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-16})
        assert held.fun == pytest.approx(limit, rel=1e-3)
    assert quantities.names[2] == "c"


def test_profile_of_a_floor_that_may_be_zero_ends_at_zero():
    found = alone(intervals_asking(optimum(curve(12, 0.02, floor=0.3, seed=2), SQUARES), "profile", 0.95, RESAMPLING))
    assert found.low[2] == 0.0
    assert found.high[2] > 0


def test_sandwich_sees_the_error_that_checkpoints_share():
    fitted = optimum(checkpoints(20, 10), SQUARES)
    assert (sandwich(fitted).errors(fitted) > 1.5 * naive(fitted).errors(fitted)).all()


def test_sandwich_of_independent_points_is_near_the_naive_one():
    fitted = optimum(curve(400), SQUARES)
    np.testing.assert_allclose(sandwich(fitted).errors(fitted), naive(fitted).errors(fitted), rtol=0.15)


def test_freed_residuals_are_those_of_the_fit_without_the_run():
    problem = line()
    fitted = optimum(problem, SQUARES)
    weights = 1.0 - np.eye(problem.run_count)
    without = alone(refit_asking(fitted, np.tile(fitted.theta, (problem.run_count, 1)), weights=weights))
    expected = np.diag(problem.residuals(without.theta)[0])
    np.testing.assert_allclose(freed_residuals(fitted, LEFT_OUT), expected, rtol=1e-6)


def test_freed_residuals_of_runs_with_many_points_are_those_without_the_run():
    generator = np.random.default_rng(1)
    runs = np.repeat(np.arange(8), 6)
    x = np.geomspace(1e18, 1e22, 48)
    loss = 30 * x**-0.06 * np.exp(0.01 * generator.standard_normal(8)[runs] + 0.002 * generator.standard_normal(48))
    problem = problem_from_arrays(find_law("power"), {"x": x}, loss, runs)
    fitted = optimum(problem, SQUARES)
    weights = 1.0 * (runs[None, :] != np.arange(8)[:, None])
    without = alone(refit_asking(fitted, np.tile(fitted.theta, (8, 1)), weights=weights))
    expected = problem.residuals(without.theta)[0][runs, np.arange(48)]
    np.testing.assert_allclose(freed_residuals(fitted, LEFT_OUT), expected, rtol=1e-5, atol=1e-9)


def test_freedom_is_below_runs_less_parameters_and_grows_with_runs():
    found = [freedom(optimum(line(points), SQUARES)) for points in (6, 14, 100)]
    assert found == sorted(found)
    assert all(each < points - 2 for each, points in zip(found, (6, 14, 100), strict=True))


def test_freedom_counts_runs_and_not_points():
    by_run = optimum(checkpoints(20, 10), SQUARES)
    as_points = problem_from_arrays(by_run.problem.law, by_run.problem.columns, by_run.problem.observed, np.arange(200))
    assert freedom(by_run) < 17
    assert freedom(optimum(as_points, SQUARES)) > 50


def test_freedom_does_not_depend_on_the_unit_of_weights():
    x = np.geomspace(1e18, 1e22, 12)
    loss = 30 * x**-0.06 * np.exp(0.01 * np.random.default_rng(4).standard_normal(12))
    found = [
        freedom(
            optimum(
                problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(12), weights=np.full(12, unit)),
                SQUARES,
            )
        )
        for unit in (1.0, 9.0)
    ]
    assert found[1] == pytest.approx(found[0], rel=1e-6)


def test_freedom_of_a_mean_of_alike_runs_is_runs_less_one():
    # Two places, the same number of runs at each: the exponent is a difference of means, with n - 2 to tell its error.
    x = np.repeat([1e18, 1e22], 10)
    loss = 30 * x**-0.06 * np.exp(0.01 * np.random.default_rng(0).standard_normal(20))
    problem = problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(20))
    assert freedom(optimum(problem, SQUARES)) == pytest.approx(18, rel=0.05)


def test_multipliers_depend_on_the_replicate_alone_and_have_the_variance_of_student():
    every = run_multipliers(Resampling(9, 3, 7), range(9), 20, 10.0)
    some = run_multipliers(Resampling(400, 3, 7), [4, 5], 20, 10.0)
    np.testing.assert_array_equal(every[4:6], some)
    many = run_multipliers(Resampling(1, 0, 0), range(4000), 20, 10.0)
    assert (many**2).mean() == pytest.approx(10 / 8, rel=0.1)  # freedom / (freedom - 2)
    assert (np.ptp(np.abs(many), axis=1) < 1e-12).all()
    few = run_multipliers(Resampling(1, 0, 0), range(4000), 6, 1e9)
    assert (few**2).mean() == pytest.approx(1.0, rel=0.05)
    assert len(np.unique(np.round(np.abs(few), 2))) == 3  # Webb's


def test_doubtful_replicates_never_get_worse_when_tried_again():
    fitted = optimum(curve(12, 0.02, floor=0.3), Objective())
    found = wild(fitted, RESAMPLING)
    assert found.retried > 0
    assert found.moved <= found.retried
    assert len(found.theta) + found.failed == RESAMPLING.replicates


@pytest.mark.parametrize(
    ("problem", "objective"),
    [(curve(), SQUARES), (line(), Objective()), (checkpoints(), SQUARES)],
    ids=["curved", "robust", "several points a run"],
)
def test_t_is_refused_where_it_is_not_exact(problem, objective):
    with pytest.raises(UsageError) as caught:
        alone(intervals_asking(optimum(problem, objective), "t", 0.95, RESAMPLING))
    assert caught.value.hint


METHODS = ("wild", "profile", "sandwich")
LENGTHY = ("mixture-additive", "profile")  # minutes: eleven parameters, each of which is profiled


@pytest.mark.parametrize(
    ("law", "method"),
    [
        *one_of_each(
            [(law, method) for law in DETERMINED for method in METHODS if (law.name, method) != LENGTHY],
            name=lambda law, method: f"{method}-{law.name}",
            kind=lambda law, _: DETERMINED.index(law) // 4,
        ),
        pytest.param(find_law(LENGTHY[0]), LENGTHY[1], marks=pytest.mark.slow, id="-".join(reversed(LENGTHY))),
    ],
)
def test_every_law_gets_intervals(law, method):
    problem, _ = simulated(law, np.random.default_rng(17), noise=0.003)
    result, _ = fit(grouped(problem), Settings(interval=method, replicates=60))
    assert result.interval.method == method
    assert any(found.low is not None for found in result.parameters.values())


@pytest.mark.parametrize("method", ["wild", "bootstrap", "bca", "profile", "sandwich"])
def test_an_interval_contains_its_estimate_even_where_the_law_cannot_follow_the_data(method):
    x = np.linspace(2.2, 12, 25)
    y = (1.6 + 2.5 / (x - 2.016) ** 0.781) * np.exp(0.003 * np.random.default_rng(8).standard_normal(25))
    problem = problem_from_arrays(find_law("shifted-power"), {"x": x}, y, np.arange(25))
    result, caveats = fit(grouped(problem), Settings(interval=method, replicates=200))
    for value in result.parameters.values():
        assert value.low is None or value.low <= value.estimate
        assert value.high is None or value.high >= value.estimate
    if method == "wild":
        assert "interval-off-estimate" in {found.code for found in caveats}
