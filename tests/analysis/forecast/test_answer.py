"""What is asked of one group, put together: places, target losses, curves and their caveats, for forecasts that are
known exactly."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scaling_cli.analysis.forecast.answer import CURVE_POINTS, _compute_ratios, _shift, extrapolate, extrapolate_suite
from scaling_cli.analysis.forecast.backtest import backtest
from scaling_cli.analysis.forecast.evidence import ForecastData
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.question import ForecastQuestion
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.suite import Suite, Task
from scaling_cli.analysis.forecast.surface_errors import Shift
from scaling_cli.analysis.forecast.targets import Target
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.errors import UsageError
from scaling_cli.fitting.ask import alone
from scaling_cli.laws import find_law
from scaling_cli.record import Record, replace
from scaling_cli.results.forecast import ForecastInterval, LawWeight
from tests.analysis.forecast.test_simplest import curve as smooth
from tests.analysis.forecast.test_simplest import one_law

CURVE = {"x": "compute"}
SURFACE = {"params": "params", "tokens": "tokens"}
GROUP = {"lab": "ours"}
X = np.geomspace(1e18, 1e20, 5)


class Known(Record):
    """Log loss falls by `slope` for each log of x, or of the product of params and tokens; half-width 0.1 and 0.2."""

    slope: float = 0.05
    favoured: float = 1.0  # tokens for each param at the best split
    half: float = 0.1
    names: tuple[str, ...] = ("power",)

    estimator = "forecast"
    noise = 0.01
    shift = None

    def mean(self, columns):
        if "x" in columns:
            return 3.0 - self.slope * np.log(columns["x"])
        params, tokens = columns["params"], columns["tokens"]
        off = np.log(tokens / params / self.favoured)
        return 3.0 - self.slope * np.log(6 * params * tokens) + 0.001 * off**2

    def bands(self, columns, scale):
        middle = self.mean(columns)
        half = np.full(len(scale), self.half)
        return Bands(middle, half, 2 * half, np.stack([middle - 0.3, middle + 0.3]))

    def laws(self):
        return tuple(LawWeight(name, 1 / len(self.names), None) for name in self.names)

    def interval(self):
        return ForecastInterval("draws", 0.9, 0, 0)

    def track(self):
        return ()


def curve(forecaster=None, **more):
    points = ForecastPoints({"x": X}, np.exp(3.0 - 0.05 * np.log(X)), np.arange(5), X)
    options = {"ranges": {"compute": (1e18, 1e20), "loss": (2.0, 2.6)}, "points": points, **more}
    return ForecastData(forecaster or Known(), GROUP, CURVE, **options)


def surface(forecaster=None, **more):
    params = np.array([1e8, 1e8, 1e9, 1e9, 3e9])
    tokens = np.array([1e9, 1e10, 1e9, 1e10, 3e10])
    points = ForecastPoints({"params": params, "tokens": tokens}, np.full(5, 2.0), np.arange(5), 6 * params * tokens)
    options = {"ranges": {"loss": (1.0, 3.0)}, "points": points, **more}
    return ForecastData(forecaster or Known(), GROUP, SURFACE, **options)


def asked(data, **more):
    targets = tuple(Target(at) for at in more.pop("at", ()))
    return extrapolate(data, ForecastQuestion(targets, **more))


def codes(caveats):
    assert all(each.group == GROUP for each in caveats)
    return [each.code for each in caveats]


def test_a_target_has_the_forecast_and_the_result_repeats_what_it_is_of():
    data = curve(recipe=("objective lad",))
    data = replace(data, points=replace(data.points, runs=np.array([0, 0, 1, 2, 3])))
    result, caveats = asked(data, at=[{"compute": 1e21}])
    (row,) = result.predictions
    middle = 3.0 - 0.05 * np.log(1e21)
    assert np.log([row.loss.estimate, row.loss.low, row.loss.high]) == pytest.approx(
        [middle, middle - 0.1, middle + 0.1]
    )
    assert np.log([row.prediction.low, row.prediction.high]) == pytest.approx([middle - 0.2, middle + 0.2])
    assert (row.reach, row.estimator, row.at) == (pytest.approx(10.0), "forecast", {"compute": 1e21})
    assert (result.runs, result.points, result.law, result.noise) == (4, 5, "power", 0.01)
    assert (result.changed, result.group, result.inputs) == (("objective lad",), GROUP, CURVE)
    assert (result.inverse, result.backtest, result.then, result.suite, result.score) == ((), (), None, None, None)
    assert (result.shift_log, result.inside, codes(caveats)) == (None, None, ["mid-schedule-points"])
    assert list(result.scale) == pytest.approx(X.tolist())
    assert list(result.observations.observed) == pytest.approx(np.exp(3.0 - 0.05 * np.log(X)))
    several, _ = asked(curve(Known(names=("power", "m4"))), at=[{"compute": 1e21}])
    assert several.law is None


def test_without_a_target_the_next_runs_are_three_ten_and_thirty_times_as_large():
    result, _ = asked(curve())
    assert [row.at["compute"] for row in result.predictions] == pytest.approx([3e20, 1e21, 3e21])
    largest = 6 * 3e9 * 3e10
    result, caveats = asked(surface(Known(favoured=20.0)))
    assert [row.at["compute"] for row in result.predictions] == pytest.approx([3 * largest, 10 * largest, 30 * largest])
    for row in result.predictions:
        assert row.at["tokens"] / row.at["params"] == pytest.approx(20.0, rel=0.2)
    assert "optimal-split" in codes(caveats)


def test_a_target_loss_or_a_backtest_needs_no_target():
    result, _ = asked(curve(), target_losses=(1.8,))
    assert result.predictions == ()
    assert len(result.inverse) == 1
    with pytest.raises(UsageError, match="--backtest needs the runs"):
        asked(curve(), backtest=True)


def test_a_law_of_other_inputs_needs_a_target():
    inputs = {"a": "width", "b": "depth"}
    points = ForecastPoints({"a": X, "b": X}, np.ones(5), np.arange(5), X)
    with pytest.raises(UsageError, match="No run to forecast") as caught:
        asked(ForecastData(Known(), GROUP, inputs, {}, points))
    assert "--at width=AMOUNT,depth=AMOUNT" in caught.value.hint
    with pytest.raises(UsageError, match="does not say how large"):
        asked(ForecastData(Known(), GROUP, CURVE, {}, None))


def test_the_loss_that_is_reached_has_the_scale_of_the_law():
    result, caveats = asked(curve(), target_losses=(float(np.exp(3 - 0.05 * np.log(1e21))),))
    assert result.inverse[0].compute.estimate == pytest.approx(1e21)
    assert codes(caveats) == []


@pytest.mark.parametrize(("times", "is_far"), [(29.0, False), (31.0, True)])
def test_a_loss_that_is_reached_far_beyond_the_runs_is_noted(times, is_far):
    losses = tuple(float(np.exp(3 - 0.05 * np.log(at))) for at in (1e20 * times, 1e19))
    _, caveats = asked(curve(), target_losses=losses)
    assert codes(caveats) == ["far-forecast"] * is_far
    assert all("31 times" in each.message and "3.1e21 FLOPs" in each.message for each in caveats)


@pytest.mark.parametrize(("at", "is_above"), [(0.9e18, True), (1.1e18, False)])
def test_a_loss_that_is_reached_below_the_smallest_run_is_noted(at, is_above):
    _, caveats = asked(curve(), target_losses=(float(np.exp(3 - 0.05 * np.log(at))),))
    assert codes(caveats) == ["target-above-data"] * is_above


def test_a_loss_above_all_losses_is_noted_if_no_scale_is_found():
    """The search begins at a hundredth of the smallest run, where the loss is 3.2."""
    for loss, worst, expected in ((3.5, 2.6, ["target-above-data"]), (3.5, 3.6, [])):
        _, caveats = asked(curve(ranges={"loss": (2.0, worst)}), target_losses=(loss,))
        assert codes(caveats) == expected
    assert asked(curve(ranges={}), target_losses=(3.5,))[1] == []


class Floored(Known):
    """As `Known`, with a floor of log loss at 0.6."""

    def mean(self, columns):
        return np.maximum(super().mean(columns), 0.6)


def test_a_loss_that_is_hardly_reached_is_noted_with_its_probability():
    _, caveats = asked(curve(Floored()), target_losses=(float(np.exp(0.5)), float(np.exp(0.7))))
    (noted,) = [each for each in caveats if each.code == "target-below-floor"]
    # 0.1 below the floor, of a half-width of 0.1 at 90 %: one side has 5 %.
    assert "With probability 95 %" in noted.message
    assert "irreducible loss" in noted.message
    assert "higher target" in noted.message


def test_a_metric_that_grows_has_a_limit_above_and_no_losses_above_the_data():
    grown = curve(Known(slope=-0.002), ranges={"loss": (0.0, 0.1)})
    _, caveats = asked(grown, target_losses=(float(np.exp(3.5)),))
    (noted,) = caveats
    assert noted.code == "target-below-floor"
    assert "near or above the limit" in noted.message
    assert "lower target" in noted.message
    assert codes(asked(grown, target_losses=(float(np.exp(3.07)),))[1]) == []
    _, falling = asked(surface(Floored()), target_losses=(float(np.exp(0.5)),))
    (noted,) = [each for each in falling if each.code == "target-below-floor"]
    assert "irreducible loss" in noted.message


def test_params_alone_are_the_size_at_which_a_loss_is_sought():
    loss = 2.2
    result, _ = extrapolate(surface(), ForecastQuestion((Target({"params": 2e9}), Target({"compute": 1e21})), (loss,)))
    assert [set(row.at) for row in result.predictions] == [{"compute", "params", "tokens"}]
    (found,) = result.inverse
    assert found.at["params"] == pytest.approx(2e9)
    assert Known().mean({name: np.array([found.at[name]]) for name in SURFACE})[0] == pytest.approx(
        np.log(loss), abs=0.01
    )
    free, _ = extrapolate(surface(), ForecastQuestion((Target({"compute": 1e21}),), (loss,)))
    assert free.inverse[0].at["params"] == pytest.approx(free.inverse[0].at["tokens"], rel=0.1)


def test_the_curve_reaches_from_the_smallest_to_beyond_the_last_target():
    result, _ = asked(curve(), at=[{"compute": 1e17}, {"compute": 1e22}])
    drawn = result.curve
    assert len(drawn.x) == CURVE_POINTS
    assert (drawn.x[0], drawn.x[-1]) == pytest.approx((1e17, 1.3e22))
    assert np.diff(np.log(drawn.x)) == pytest.approx(np.log(1.3e5) / 39)
    assert np.log(drawn.y) == pytest.approx(3.0 - 0.05 * np.log(drawn.x))
    assert np.log(drawn.low) == pytest.approx(np.log(drawn.y) - 0.2)
    assert np.log(drawn.high) == pytest.approx(np.log(drawn.y) + 0.2)
    short, _ = asked(curve(), at=[{"compute": 1e19}])
    assert (short.curve.x[0], short.curve.x[-1]) == pytest.approx((1e18, 1.3e20))
    unknown, _ = asked(curve(Known(half=np.nan)), at=[{"compute": 1e21}])
    assert (len(unknown.curve.y), unknown.curve.low) == (CURVE_POINTS, None)


def test_the_curve_of_a_surface_is_at_its_best_splits():
    result, _ = asked(surface(Known(favoured=20.0)), at=[{"compute": 1e22}])
    assert np.log(result.curve.y) == pytest.approx(3.0 - 0.05 * np.log(result.curve.x), abs=0.01)
    assert asked(ForecastData(Known(), GROUP, CURVE, {"compute": (1e18, 1e20)}, None), at=[{"compute": 1e22}])[
        0
    ].curve is None  # fmt: skip


def test_a_saved_fit_has_no_runs_but_the_reach_of_its_range():
    data = ForecastData(Known(), GROUP, CURVE, {"compute": (1e18, 1e20)}, None)
    result, _ = asked(data, at=[{"compute": 1e21}])
    assert (result.runs, result.points, result.observations, result.scale) == (None, None, None, ())
    assert result.predictions[0].reach == pytest.approx(10.0)


@pytest.mark.parametrize(("rise", "is_noted"), [(0.025, False), (0.035, True)])
def test_loss_that_rises_with_tokens_by_more_than_noise_is_noted(rise, is_noted):
    """Noise is 1 %, and three times as much is more than noise."""
    tokens = np.geomspace(1e9, 3e10, 6)
    loss = np.exp(np.array([0.8, 0.7, 0.6, 0.5, 0.4, 0.5 + rise]))
    points = ForecastPoints({"params": np.full(6, 1e8), "tokens": tokens}, loss, np.arange(6), 6e8 * tokens)
    _, caveats = asked(surface(points=points), at=[{"params": 1e8, "tokens": 5e10}])
    assert ("rising-loss" in codes(caveats)) is is_noted


def test_the_shift_of_the_result_is_that_at_the_largest_run():
    class Shifted(Known):
        shift = Shift(0.01, 0.002)

    assert _shift(curve(forecast=Shifted())) == pytest.approx(0.012)
    assert _shift(curve(forecast=Known())) is None
    assert _shift(curve()) is None


def test_a_budget_is_split_by_the_first_loss_for_all():
    first, second = surface(Known(favoured=20.0)), surface(Known(favoured=1.0))
    ask = ForecastQuestion((Target({"compute": 1e22}), Target({"params": 1e9, "tokens": 1e10})))
    rows = alone(extrapolate_suite([("web", first, ask), ("code", second, ask)], Suite(), GROUP))
    places = [[row.at for row in result.predictions] for result, _ in rows]
    assert places[0] == places[1]
    assert places[0][0]["tokens"] / places[0][0]["params"] == pytest.approx(20.0, rel=0.2)
    default = alone(
        extrapolate_suite([("web", first, ForecastQuestion()), ("code", second, ForecastQuestion())], Suite(), GROUP)
    )
    assert [row.at for row in default[0][0].predictions] == [row.at for row in default[1][0].predictions]
    curve_too = alone(
        extrapolate_suite([("web", first, ask), ("code", curve(), ForecastQuestion((ask.targets[0],)))], Suite(), GROUP)
    )
    assert [row.at for row in curve_too[1][0].predictions] == [{"compute": 1e22}]


def test_tasks_and_several_losses_need_the_forecast_of_runs():
    ask = ForecastQuestion((Target({"compute": 1e21}),), suite=Suite(tasks=(Task("arc"),)))
    with pytest.raises(UsageError, match="need the runs and --estimator forecast"):
        extrapolate(curve(), ask)
    with pytest.raises(UsageError, match="need the runs and --estimator forecast"):
        extrapolate(replace(curve(forecast=Known()), points=None, ranges={"compute": (1e18, 1e20)}), ask)
    # Without a target there is nothing at which losses would be together.
    assert extrapolate(curve(), replace(ask, targets=(), target_losses=(2.0,)))[0].then is None


def test_a_backtest_is_that_of_the_forecast_of_the_runs():
    points = smooth(one_law, 16, noise=0.003)
    made = forecast(points, laws=(find_law("power"),), replicates=4)
    data = ForecastData(made, GROUP, CURVE, {}, points, made, (find_law("power"),))
    assert extrapolate(data, ForecastQuestion(backtest=True))[0].backtest == alone(
        backtest(points, (find_law("power"),), made)
    )


def test_laws_of_other_inputs_have_no_curve():
    inputs = {"a": "width", "b": "depth"}
    points = ForecastPoints({"a": X, "b": X}, np.ones(5), np.arange(5), X)

    class Two(Known):
        def mean(self, columns):
            return 3.0 - 0.05 * np.log(columns["a"])

    result, _ = asked(
        ForecastData(Two(), GROUP, inputs, {}, points), at=[{"width": 2.0, "depth": 3.0, "compute": 1e21}]
    )
    assert result.curve is None
    assert result.predictions[0].reach == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("flops", "ratios"), [([6.0, 6.0], (0.8, 1.6)), ([12.0, 6.0], (0.8, 3.2)), ([6.0, 3.0], (0.4, 1.6))]
)
def test_compute_of_a_target_may_be_counted_as_that_of_the_runs(flops, ratios):
    params, tokens = np.array([1e8, 1e9]), np.array([2e9, 2e10])
    scale = np.array(flops) * params * tokens
    points = ForecastPoints({"params": params, "tokens": tokens}, np.ones(2), np.arange(2), scale)
    assert _compute_ratios(SimpleNamespace(points=points)) == pytest.approx(ratios)
    assert _compute_ratios(SimpleNamespace(points=None)) == (0.8, 1.6)
    line = ForecastPoints({"x": scale}, np.ones(2), np.arange(2), scale)
    assert _compute_ratios(SimpleNamespace(points=line)) == (0.8, 1.6)
