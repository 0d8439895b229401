from __future__ import annotations

import functools

import numpy as np
import pytest

from scaling_cli.analysis.forecast.backtest import backtest, baselines
from scaling_cli.analysis.forecast.candidates import candidates, fit_asking
from scaling_cli.analysis.forecast.interpolation import join_interpolation
from scaling_cli.analysis.forecast.inverse import inverse
from scaling_cli.analysis.forecast.predictions import outside_hull
from scaling_cli.analysis.forecast.rolling import OriginErrors, growth, unit_bias, unit_error
from scaling_cli.analysis.forecast.stability import largest_swing
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.windows import ForecastPoints, windows
from scaling_cli.errors import FitError
from scaling_cli.fitting.ask import alone
from scaling_cli.laws import find_law
from tests.grids import one_in

TWO = find_law("power-constant"), find_law("power")  # of which the forecasts take a tenth of the time of all laws


def curve(count: int = 24, noise: float = 0.0, floor: float = 1.5, seed: int = 0, decades: float = 3) -> ForecastPoints:
    """Runs of a power law with a floor."""
    x = 1e18 * np.geomspace(1.0, 10.0**decades, count)
    loss = floor + 2.0 * (x / 1e18) ** -0.25
    loss = loss * np.exp(noise * np.random.default_rng(seed).standard_normal(count))
    return ForecastPoints({"x": x}, loss, np.arange(count), x)


def surface(noise: float = 0.0, seed: int = 0) -> ForecastPoints:
    """Runs of a Chinchilla law at several budgets."""
    compute = np.repeat(np.geomspace(6e18, 1e21, 6), 6)
    params = np.sqrt(compute / 120) * np.tile(np.geomspace(0.3, 3, 6), 6)
    tokens = compute / 6 / params
    loss = 1.8 + 480 / params**0.35 + 2100 / tokens**0.37
    loss = loss * np.exp(noise * np.random.default_rng(seed).standard_normal(len(loss)))
    return ForecastPoints({"params": params, "tokens": tokens}, loss, np.arange(len(loss)), compute)


@functools.cache
def of_curve(noise: float = 0.0):
    """The forecast from a curve, made once; no test changes it."""
    return forecast(curve(noise=noise), replicates=40)


@functools.cache
def of_surface():
    """The forecast from an exact surface, made once."""
    return forecast(surface(), replicates=40)


def test_exact_curves_are_continued():
    made = of_curve()
    at = {"x": np.array([1e22])}
    assert np.exp(made.mean(at)) == pytest.approx(1.5 + 2.0 * 1e4**-0.25, rel=3e-3)


def test_exact_surfaces_are_continued():
    made = of_surface()
    at = {"params": np.array([3e10]), "tokens": np.array([6e11])}
    assert np.exp(made.mean(at)) == pytest.approx(1.8 + 480 / 3e10**0.35 + 2100 / 6e11**0.37, rel=5e-3)


def test_runs_that_an_origin_may_not_see_do_not_move_it():
    points = curve(noise=0.01)
    origins = windows(points)
    held = ~origins[-1].trained
    moved = ForecastPoints(
        points.columns, np.where(held, points.observed * 1.01, points.observed), points.runs, points.scale
    )
    candidate = candidates(("x",))[0]
    # The least loss bounds the floor and the whole fit sets the noise scale; little of that may be felt.
    first, second = (alone(fit_asking(candidate, each, origins[-1:])) for each in (points, moved))
    at = np.array([np.log(points.scale[origins[-1].trained])])
    seen = [candidate.law.evaluate(each.problem.raw(each.at_origins), {"x": at[0]})[0][0] for each in (first, second)]
    assert np.abs(seen[0] - seen[1]).max() < 5e-3


def test_row_order_does_not_matter():
    points = surface(noise=0.004)
    order = np.random.default_rng(1).permutation(len(points))
    at = {"params": np.array([1e10]), "tokens": np.array([2e11])}
    assert forecast(points, replicates=20).mean(at) == pytest.approx(forecast(points.at(order), replicates=20).mean(at))


def test_a_law_that_holds_without_priors_weighs_most():
    made = forecast(curve(noise=0.0005), replicates=20)
    assert made.laws()[0].law == "power-constant (least squares)"
    assert made.laws()[0].weight > 0.5
    assert made.laws()[1].law == "power-constant (plain)"


def test_laws_that_forecast_badly_weigh_little():
    made = forecast(curve(noise=0.001), laws=(find_law("power"), find_law("power-constant")), replicates=20)
    weights = {each.law: each.weight for each in made.laws()}
    assert weights["power-constant"] + weights["power-constant (plain)"] > 0.8
    assert sum(weights.values()) == pytest.approx(1)


def test_too_few_runs_for_an_origin_still_have_an_interval():
    made = forecast(curve(count=5, noise=0.01), replicates=40)
    bands = made.bands({"x": np.array([1e22])}, np.array([1e22]))
    assert not made.errors or len(made.errors) < 3
    assert bands.prediction[0] > 0


def test_three_points_are_refused():
    with pytest.raises(FitError, match="too few"):
        forecast(curve(count=3))


def test_windows_never_train_beyond_their_cutoff_and_always_hold_runs_back():
    points = curve()
    for origin in windows(points):
        assert points.scale[origin.trained].max() <= origin.cutoff * (1 + 1e-6)
        assert points.scale[~origin.trained].min() > origin.cutoff
        assert (~origin.trained).any()


def test_most_errors_of_origins_lie_within_the_normal_range_that_is_read_off_them():
    wild = np.append(np.random.default_rng(0).normal(0, 0.01, 4000), np.full(100, 0.5))
    assert unit_error([OriginErrors(wild, np.ones(len(wild)))]) == pytest.approx(0.01, rel=0.06)
    far = OriginErrors(np.array([0.02, -0.02]), np.full(2, np.e))
    assert unit_error([far]) == pytest.approx(0.02 / np.sqrt(2) / 1.2816)
    assert unit_error([]) == 0


def test_what_a_run_adds_is_no_bias_of_the_law_and_the_law_errs_no_more_than_a_run():
    near = np.ones(2)
    noisy = OriginErrors(np.array([0.01, -0.01]), near)
    off = OriginErrors(np.full(9, 0.01), np.ones(9))
    assert unit_bias([noisy]) == pytest.approx(0)
    assert unit_bias([noisy, off]) == pytest.approx(np.sqrt(0.01**2 / 2))
    assert unit_bias([off]) == unit_error([off]) == pytest.approx(0.01 / 1.2816)
    assert unit_bias([]) == 0


def test_laws_apart_widen_intervals_unless_one_has_the_others_as_special_cases():
    far = np.array([1e24])
    made = of_curve(0.01)
    by_law = made.bands({"x": far}, far).by_law
    spread = 1.96 * float(np.sqrt(made.stack.mean((by_law - made.stack.mean(by_law)) ** 2))[0])
    assert not made.stack.is_nested
    assert made.bands({"x": far}, far).confidence[0] > spread > 0
    assert of_surface().stack.is_nested


def test_a_new_run_is_less_certain_than_the_law_and_both_less_with_distance():
    bands = of_curve(0.01).bands({"x": np.geomspace(1e21, 1e24, 4)}, np.geomspace(1e21, 1e24, 4))
    assert (bands.prediction > bands.confidence).all()
    assert (np.diff(bands.confidence) > 0).all()
    assert (np.diff(bands.prediction) > 0).all()


def test_errors_grow_with_reach_and_not_inside_the_data():
    assert growth(np.array([0.1, 1.0])).tolist() == [1.0, 1.0]
    assert growth(np.array([np.e**2]))[0] == pytest.approx(np.sqrt(5))


def test_backtest_beats_its_baselines_on_a_curve_with_a_floor():
    points = curve(noise=0.001)
    rows = alone(backtest(points, TWO, forecast(points, laws=TWO, replicates=40)))
    assert [row.trained + row.held_out for row in rows] == [len(points)] * len(rows)
    assert all(row.rmse_log < min(row.baselines.values()) for row in rows)


def test_baselines_take_the_best_run_of_a_budget():
    points = surface()
    last = baselines(points, np.array([1e22]))["last point"][0]
    assert np.exp(last) == pytest.approx(points.observed[points.scale > 0.99 * points.scale.max()].min())


def test_the_scale_of_a_loss_gives_that_loss():
    made = of_curve()
    (found,) = inverse(made, [1.75], inputs={"x": "compute"}, span=(1e18, 1e21), params=None)
    assert found.compute.estimate == pytest.approx(1e18 * 8**4, rel=0.05)
    assert found.reachable > 0.9


def test_a_loss_below_the_floor_is_out_of_reach():
    made = of_curve()
    (found,) = inverse(made, [1.0], inputs={"x": "compute"}, span=(1e18, 1e21), params=None)
    assert found.compute.estimate is None
    assert found.reachable < 0.1


def test_an_end_of_a_scale_is_missing_just_where_its_probability_is():
    made = alone(
        join_interpolation(forecast(curve(noise=0.004), laws=TWO, replicates=40, level=0.95, with_inside=True))
    )
    targets = np.linspace(1.2, 1.9, 30)
    found = inverse(made, targets, inputs={"x": "compute"}, span=(1e18, 1e21), params=None)
    assert [row.compute.high is not None for row in found] == [row.reachable >= 0.975 for row in found]
    assert [row.compute.estimate is not None for row in found] == [row.reachable >= 0.5 for row in found]
    assert (np.diff([row.reachable for row in found]) >= 0).all()
    assert found[0].reachable < 0.5 < found[-1].reachable


def test_distance_from_the_hull_is_zero_inside():
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    outside = outside_hull(square, np.array([[0.5, 0.5], [2.0, 0.5], [2.0, 2.0]]))
    assert outside == pytest.approx([0, 1, np.sqrt(2)], abs=1e-3)


def test_a_forecast_that_holds_for_all_runs_does_not_swing():
    at = {"params": np.array([1e10, 3e10]), "tokens": np.array([2e11, 6e11])}
    assert all(alone(largest_swing(forecast(surface(noise=0.003, seed=seed)), at)) is None for seed in range(4))


def test_runs_of_few_tokens_that_follow_another_course_make_it_swing():
    parts = [surface(noise=0.001, seed=seed) for seed in range(6)]
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    loss, scale = (np.concatenate([getattr(part, name) for part in parts]) for name in ("observed", "scale"))
    tokens = columns["tokens"]
    short = tokens < np.quantile(tokens, 0.25)
    bent = ForecastPoints(columns, loss * np.where(short, 1.05, 1.0), np.arange(len(loss)), scale)
    at = {"params": np.array([1e10, 3e10]), "tokens": np.array([2e11, 6e11])}
    swing = alone(largest_swing(forecast(bent), at))
    assert swing is not None
    assert swing.cutoff >= tokens[~short].min()
    assert abs(swing.shift) > 3 * swing.standard_error


def test_one_run_does_not_swing_because_nothing_can_be_resampled():
    points = curve(noise=0.001)
    bent = ForecastPoints(
        points.columns, points.observed * np.where(np.arange(24) < 8, 1.1, 1), np.zeros(24, int), points.scale
    )
    assert alone(largest_swing(forecast(bent, replicates=40), {"x": np.array([1e22])})) is None


@pytest.mark.thorough
def test_inside_the_data_all_runs_count_alike():
    truth = 1.5 + 2.0 * np.array([1.0, 8.0]) ** -0.25
    for seed in range(2):
        points = curve(count=40, noise=0.005, seed=seed, decades=5)
        both = alone(join_interpolation(forecast(points, replicates=40, seed=seed, with_inside=True)))
        bands = both.bands({"x": np.array([1e18, 8e18])}, np.array([1e18, 8e18]))
        assert np.exp(bands.estimate) == pytest.approx(truth, rel=0.01)
        assert (np.abs(bands.estimate - np.log(truth)) < bands.prediction).all()
        assert (bands.prediction < 0.03).all()  # six noises; the forecast's own band is 0.3 wide there
        assert (bands.confidence < bands.prediction).all()


def test_beyond_the_earliest_origin_the_forecast_stays_what_it_was():
    made = forecast(curve(noise=0.005), laws=TWO, replicates=40)
    scale = np.array([1.3e20, 1e21, 1e23])
    joined = alone(join_interpolation(made))
    plain, both = made.bands({"x": scale}, scale), joined.bands({"x": scale}, scale)
    assert (plain.estimate == both.estimate).all()
    assert (plain.prediction == both.prediction).all()
    assert joined.is_inside(np.array([1.2e20, 1.3e20])).tolist() == [True, False]


def test_fits_that_are_under_way_at_once_are_those_of_each_alone():
    points = surface(noise=0.004)
    at = {"params": np.array([3e7, 1e10]), "tokens": np.array([1e9, 2e11])}
    by_itself, at_once = (
        alone(join_interpolation(forecast(points, replicates=20, with_inside=flag))).bands(at, np.array([2e17, 1.2e22]))
        for flag in (False, True)
    )
    np.testing.assert_allclose(at_once.estimate, by_itself.estimate, rtol=1e-9)
    np.testing.assert_allclose(at_once.prediction, by_itself.prediction, rtol=1e-6)


def test_inside_and_forecast_meet_at_the_edge():
    for points, laws in ((curve(noise=0.01), TWO), (surface(noise=0.01), ())):
        both = alone(join_interpolation(forecast(points, laws=laws, replicates=40, with_inside=True)))
        scale = both.edge * np.array([1 - 1e-9, 1.0])
        columns = {"x": scale} if "x" in points.columns else {"params": np.sqrt(scale / 120)}
        if "params" in columns:
            columns["tokens"] = scale / 6 / columns["params"]
        bands = both.bands(columns, scale)
        assert abs(np.diff(bands.estimate)[0]) < bands.prediction.sum() / 2


def test_what_is_wrong_with_the_laws_nearby_widens_the_interval_inside():
    points = curve(count=40, noise=0.002, decades=5)
    bent = ForecastPoints(
        points.columns, points.observed * np.where(np.arange(40) % 2, 1.05, 1.0), points.runs, points.scale
    )
    at = {"x": np.array([1e19])}
    smooth, rough = (
        alone(join_interpolation(forecast(each, laws=TWO, replicates=40, with_inside=True))).interpolation.bands(at)
        for each in (points, bent)
    )
    assert rough.prediction[0] > 5 * smooth.prediction[0]


def test_a_loss_that_is_passed_before_the_data_has_no_scale():
    made = alone(join_interpolation(forecast(curve(noise=0.002), laws=TWO, replicates=40, with_inside=True)))
    high, low = inverse(made, [40.0, 3.2], inputs={"x": "compute"}, span=(1e18, 1e21), params=None)
    assert high.compute.estimate is None
    assert low.compute.estimate == pytest.approx(1e18 * (2 / 1.7) ** 4, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("count", [6, 7])
def test_intervals_from_one_or_two_origins_cover(count):
    """Nominal 90 % at 2, 4 and 10 times the largest run; the targets of a curve err together, so curves are counted."""
    generator = np.random.default_rng(count)
    x, far = np.geomspace(1e19, 1e21, count), 1e21 * np.array([2.0, 4.0, 10.0])
    inside = []
    for _ in range(60):
        floor, exponent = generator.uniform(1, 2.2), generator.uniform(0.1, 0.4)
        noise, bend = generator.choice([0.002, 0.005, 0.01]), generator.choice([0.0, 0.03])
        runs, truth = (
            (floor + 1.5 * (at / 1e19) ** -exponent)
            * (1 + at / 3e20) ** -bend
            * np.exp(noise * generator.standard_normal(len(at)))
            for at in (x, far)
        )
        made = forecast(ForecastPoints({"x": x}, runs, np.arange(count), x), level=0.9, replicates=60)
        assert len(made.errors) in (1, 2)
        bands = made.bands({"x": far}, far)
        inside.append(np.mean(np.abs(bands.estimate - np.log(truth)) <= bands.prediction))
    # Three standard errors of a share of 60 curves, at 0.9: 0.12.
    assert np.mean(inside) > 0.78


@pytest.mark.parametrize("seed", one_in(3, range(6)))
def test_noise_about_a_flat_loss_does_not_make_larger_runs_worse(seed):
    x = np.geomspace(1, 1000, 8)
    loss = 2 * np.exp(0.1 * np.random.default_rng(seed).standard_normal(8))
    made = forecast(ForecastPoints({"x": x}, loss, np.arange(8), x), replicates=40)
    by_law = made.stack.log_losses({"x": np.array([1e3, 1e4, 1e5])})
    assert (np.diff(by_law) <= 1e-9).all()


def test_a_metric_that_grows_is_forecast_to_grow():
    x = np.geomspace(1, 1000, 12)
    share = 0.1 * x**0.2 * np.exp(0.02 * np.random.default_rng(0).standard_normal(12))
    made = forecast(
        ForecastPoints({"x": x}, share, np.arange(12), x), laws=(find_law("power-constant"),), replicates=40
    )
    assert np.exp(made.mean({"x": np.array([1e4])}))[0] == pytest.approx(0.1 * 1e4**0.2, rel=0.15)
