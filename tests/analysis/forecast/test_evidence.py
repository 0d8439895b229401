"""What a forecast starts from: which law and inputs, which weights, and what is known of the runs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.forecast import evidence as evidence_module
from scaling_cli.analysis.forecast.evidence import (
    ForecastData,
    Method,
    _amounts,
    _problems,
    evidence_from,
    plain_fit,
    require_variety,
    saved_evidence,
)
from scaling_cli.analysis.forecast.interpolation import JoinedForecast
from scaling_cli.analysis.forecast.question import ForecastQuestion
from scaling_cli.analysis.forecast.stacked import forecast
from scaling_cli.analysis.forecast.suite import Suite, Task
from scaling_cli.analysis.forecast.targets import Target
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.caveats import caveat
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import DataError, FitError, UsageError
from scaling_cli.fitting.ask import alone
from scaling_cli.laws import find_law
from scaling_cli.options.extrapolate import Extrapolate
from scaling_cli.points.group import groups_of, tokens_per_param
from scaling_cli.points.table import PointTable
from scaling_cli.results.fit import Estimate
from scaling_cli.verbs.common import settings_of
from tests.analysis.forecast.test_simplest import curve, one_law, surface
from tests.data.loading import load_runs

GROUP = {"lab": "ours"}
SIZE = np.geomspace(1e18, 1e21, 14)


def runs(noise=0.01, **columns):
    loss = (1.5 + 2.0 * (SIZE / 1e18) ** -0.25) * np.exp(noise * np.random.default_rng(0).standard_normal(14))
    return pl.DataFrame({"compute": SIZE, "loss": loss, **columns})


def described(frame, at="compute=1e22", **options):
    options = {"law": "power-constant", "interval": "none", **options}
    (result,) = scaling.extrapolate(frame, estimator="describe", at=at, **options).results
    return result


def fitted(frame, **options):
    (result,) = scaling.fit(frame, law="power-constant", interval="none", **options).results
    names = ("a", "b", "c")
    return [result.parameters[name].estimate for name in names]


@pytest.mark.parametrize(
    "options",
    [{}, {"scale_weight": 1.5}, {"prior": "weak"}, {"weight": "w"}, {"objective": "lad"}, {"space": "linear"}],
)
def test_a_description_is_the_fit_with_the_same_weights_prior_and_objective(options):
    frame = runs(0.02, w=np.linspace(1.0, 5.0, 14))
    a, b, c = fitted(frame, **options)
    found = described(frame, **options).predictions[0].loss.estimate
    assert found == pytest.approx(a * 1e22**b + c)
    if options:
        assert found != pytest.approx(described(frame).predictions[0].loss.estimate, rel=1e-5)


def method(**options):
    asked = Extrapolate(**options)
    return Method(asked, settings_of(asked, None))


def test_a_saved_fit_is_read_with_its_inputs_and_caveats():
    known = caveat("no-draws", {})
    saved = SavedFit(
        "power", {"a": Estimate(3.0), "b": Estimate(-0.1)}, inputs={"x": "tokens"}, ranges={"tokens": (1e9, 1e11)},
        noise=0.01, known=(known,),
    )  # fmt: skip
    data, caveats = saved_evidence(saved, method())
    assert (data.inputs, data.span, data.points, data.params) == ({"x": "tokens"}, (1e9, 1e11), None, None)
    assert [each.code for each in caveats] == ["no-draws", "no-draws"]  # that of the fit, and its own
    drawn = SavedFit("power", saved.parameters, draws=((3.0, -0.1),) * 3)
    data, caveats = saved_evidence(drawn, method())
    assert (data.inputs, caveats) == ({"x": "compute"}, [])
    plane = SavedFit("chinchilla", {name: Estimate(1.0) for name in ("E", "A", "B", "alpha", "beta")})
    assert saved_evidence(plane, method())[0].inputs == {"params": "params", "tokens": "tokens"}


def data(inputs, ranges, points=None):
    return ForecastData(None, {}, inputs, ranges, points)


def test_the_span_is_that_of_the_scale_and_params_are_those_of_the_data():
    both = {"params": "params", "tokens": "tokens"}
    ranges = {"compute": (1.0, 9.0), "params": (2.0, 3.0), "tokens": (4.0, 5.0)}
    assert data(both, ranges).span == (1.0, 9.0)
    assert data(both, ranges).params.tolist() == [2.0, 3.0]
    assert data({"x": "tokens"}, ranges).span == (4.0, 5.0)
    assert data({"x": "tokens"}, {}).span is None
    assert data({"x": "tokens"}, {}).params is None
    with pytest.raises(UsageError, match="does not say how large"):
        data({"x": "tokens"}, {}).require_span()
    points = surface()
    assert data(both, {}, points).span == data(both, {}, points).require_span() == pytest.approx((1e18, 1e21))
    assert data(both, {}, points).params is points.columns["params"]
    assert data({"x": "compute"}, ranges, curve(one_law)).params is None
    assert data(both, {}).is_inside(np.ones(3)).tolist() == [False] * 3


def table(**columns):
    count = len(next(iter(columns.values())))
    return PointTable(pl.DataFrame({"run_id": [str(i) for i in range(count)], "loss": [2.0] * count, **columns}))


def test_tokens_per_param_are_known_where_all_runs_have_both():
    assert tokens_per_param(table(params=[1.0, 2.0, 4.0], tokens=[20.0, 60.0, 40.0])) == (10.0, 30.0)
    assert tokens_per_param(table(params=[1.0, None], tokens=[20.0, 60.0])) is None
    assert tokens_per_param(table(params=[1.0, 2.0], tokens=[20.0, None])) is None
    assert tokens_per_param(table(params=[1.0, 2.0])) is None


@pytest.mark.parametrize(
    ("columns", "refused"),
    [
        ({"x": [1.0, 2.0, 2.0]}, "Runs at 2 values of compute"),
        ({"x": [2.0, 2.0, 2.0]}, "Runs at 1 value of compute"),
        ({"x": [1.0, 2.0, 3.0]}, None),
        ({"params": [1.0, 2.0, 1.0], "tokens": [3.0, 3.0, 4.0]}, None),
        ({"params": [1.0, 2.0, 1.0], "tokens": [3.0, 3.0, 3.0]}, "Runs at 1 value of tokens"),
    ],
)
def test_an_input_needs_three_values_alone_and_two_among_others(columns, refused):
    arrays = {name: np.array(values) for name, values in columns.items()}
    inputs = {"x": "compute"} if "x" in columns else {"params": "params", "tokens": "tokens"}
    if refused is None:
        require_variety(arrays, inputs)
        return
    with pytest.raises(FitError, match=refused) as caught:
        require_variety(arrays, inputs)
    assert f"until there are {3 if 'x' in columns else 2} values" in caught.value.hint


def test_rows_without_names_are_labelled_by_their_inputs_in_the_order_of_runs():
    points = ForecastPoints(
        {"params": np.array([3.0, 1.0, 2.0]), "tokens": np.array([6.0, 4.0, 5.0])}, np.ones(3), np.array([2, 0, 1]),
        np.ones(3),
    )  # fmt: skip
    assert _amounts(points) == ("(1.0, 4.0)", "(2.0, 5.0)", "(3.0, 6.0)")


def test_each_law_has_the_points_with_equal_weights_once():
    points = curve(one_law, 12)
    found = _problems(points, forecast(points, laws=(find_law("power-constant"), find_law("power")), replicates=2))
    assert [each.law.name for each in found] == ["power-constant", "power"]
    assert all((each.weights == 1).all() and (each.observed == points.observed).all() for each in found)


@pytest.mark.parametrize(
    ("ask", "options", "says"),
    [
        (ForecastQuestion(backtest=True), {}, "--backtest needs"),
        (ForecastQuestion(suite=Suite(tasks=(Task("arc"),))), {}, "--then needs"),
        (ForecastQuestion(suite=Suite(("a", "b"))), {}, "--loss needs"),
        (ForecastQuestion(), {"law": "power"}, "--law needs"),
        (ForecastQuestion(), {"x": "tokens"}, "--x needs"),
        (ForecastQuestion(suite=Suite(("a",))), {}, None),
        (ForecastQuestion((Target({"compute": 1e21}),), (2.0,)), {}, None),
    ],
)
def test_a_saved_fit_refuses_what_needs_the_runs(ask, options, says):
    if says is None:
        method(**options).check_saved(ask)
        return
    with pytest.raises(UsageError, match=says):
        method(**options).check_saved(ask)


def chosen(frame, at=(), *, backtest=False, losses=(), suite=None, **options):
    keep = (options["x"],) if "x" in options else ()
    ask = ForecastQuestion(tuple(Target(dict.fromkeys(roles, 1e9)) for roles in at), losses, backtest, suite or Suite())
    return method(**options).choose(load_runs(frame, keep=keep, checkpoints=options.get("checkpoints", "final")), ask)


def test_the_input_is_that_of_the_targets_where_runs_have_it():
    both = runs(step=SIZE / 1e16)
    assert chosen(both).inputs == {"x": "compute"}
    assert chosen(both, [["step"]]).inputs == {"x": "step"}
    assert chosen(both, [["compute"], ["compute"]]).inputs == {"x": "compute"}
    assert chosen(both, [["compute"], ["step"]]).inputs == {"x": "compute"}
    assert chosen(both, [["width"]]).inputs == {"x": "compute"}
    assert chosen(both, [["step"]], x="compute").inputs == {"x": "compute"}
    assert chosen(both, [["step"]], law="power").inputs == {"x": "compute"}
    sizes = np.tile([1e8, 3e8, 1e9, 3e9, 1e10], 3)[:14]
    plane = runs(params=sizes, tokens=SIZE / sizes / 6)
    assert set(chosen(plane, [["compute"]]).inputs) == {"params", "tokens"}


def test_a_law_of_schedules_only_continues_runs():
    frame = runs(step=SIZE / 1e16, lr=np.geomspace(1e-3, 1e-4, 14), run_id=["a"] * 14)
    law = {"law": "annealing", "checkpoints": "all"}
    assert chosen(frame, **law).law.is_curve
    for more in (
        {"backtest": True}, {"losses": (2.0,)}, {"suite": Suite(tasks=(Task("arc"),))}, {"suite": Suite(("a", "b"))},
        {"estimator": "describe"},
    ):  # fmt: skip
        with pytest.raises(UsageError, match="can only forecast how the runs in the log continue"):
            chosen(frame, **law, **more)


def test_the_plain_fit_of_a_group_is_that_of_fit():
    asked = method(law="power-constant", interval="none", estimator="describe")
    table = load_runs(runs())
    ((_, points),) = groups_of(table, ())
    result, _ = plain_fit(points, GROUP, asked.choose(table, ForecastQuestion()), asked)
    assert [result.parameters[name].estimate for name in "abc"] == pytest.approx(fitted(runs()))
    assert result.group == GROUP


def test_losses_below_zero_are_refused():
    frame = runs().with_columns(loss=pl.col("loss") - 2.0)
    with pytest.raises(UsageError, match="logarithm of each loss"):
        described(frame, space="linear")


def evidence(frame, *, names=True, **options):
    asked = method(**{"replicates": 20, **options})
    runs_of = load_runs(frame, keep=("w",) if "w" in frame.columns else ())
    ask = ForecastQuestion((Target({"compute": 1e22}),))
    ((_, points),) = groups_of(runs_of, ())
    return alone(evidence_from(points, GROUP, asked.choose(runs_of, ask), ask, asked, drawn_as={}, has_names=names))


def test_runs_are_known_by_their_points_weights_names_and_seed():
    frame = runs(0.02, w=np.linspace(1.0, 5.0, 14), run_id=[f"r{i:02}" for i in range(14)])
    data, caveats = evidence(frame, law="power-constant", weight="w", seed=7)
    assert (data.group, data.inputs, data.span) == (GROUP, {"x": "compute"}, pytest.approx((1e18, 1e21)))
    assert data.points.weights.tolist() == np.linspace(1.0, 5.0, 14).tolist()
    assert data.labels == tuple(f"r{i:02}" for i in range(14))
    assert (data.run_names, data.metrics, data.ratios) == ((), {}, None)
    assert [law.name for law in data.laws] == ["power-constant"]
    assert data.recipe == ("points weighted by w",)
    assert (data.forecast.resampling.replicates, data.forecast.resampling.seed) == (20, 7)
    assert isinstance(data.forecaster, JoinedForecast)
    assert data.is_inside(np.array([1e18, 1e22])).tolist() == [True, False]
    assert all(each.group == GROUP for each in caveats)
    assert evidence(frame, names=False, law="power-constant")[0].labels[0] == "(1e+18,)"


@pytest.mark.parametrize(("shared", "is_together"), [(0.95, True), (0.0, False)])
def test_seeds_that_err_together_are_resampled_together(shared, is_together):
    rng = np.random.default_rng(1)
    common, own = rng.standard_normal((16, 1)), rng.standard_normal((16, 4))
    x = np.repeat(np.geomspace(1e18, 1e22, 16), 4)
    error = 0.01 * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own).ravel()
    seeds = pl.DataFrame(
        {"compute": x, "loss": 20 * x**-0.1 * np.exp(error), "run_id": [f"r{i:02}" for i in range(64)]}
    )
    data, caveats = evidence(seeds, law="power")
    assert ("runs-err-together" in {each.code for each in caveats}) is is_together
    assert len(np.unique(data.forecast.stack.points.runs)) == (16 if is_together else 64)
    assert len(np.unique(data.points.runs)) == 64


@pytest.mark.parametrize(("params", "is_noted"), [([1e8, 3e8], True), ([1e8, 1e8], False)])
def test_runs_of_several_sizes_along_tokens_are_noted(params, is_noted):
    frame = runs(tokens=SIZE / 6e8, params=np.tile(params, 7)).drop("compute")
    _, caveats = evidence(frame, law="power", x="tokens")
    assert ("pooled-sizes" in {each.code for each in caveats}) is is_noted
    assert "pooled-sizes" not in {each.code for each in evidence(frame.drop("params"), law="power", x="tokens")[1]}


def test_runs_of_unknown_size_are_refused():
    frame = runs(width=SIZE / 1e15, depth=np.tile([1.0, 2.0], 7)).drop("compute")
    with pytest.raises(DataError, match="size of the runs is unknown"):
        scaling.extrapolate(frame, law="a*width^b*depth^d", at="width=1e7,depth=2", replicates=20)


def test_the_number_of_replicates_is_limited(monkeypatch):
    assert evidence_module.REPLICATES == 200
    monkeypatch.setattr(evidence_module, "REPLICATES", 30)
    few, many = (evidence(runs(), law="power", replicates=count)[0].forecast for count in (20, 500))
    assert (few.resampling.replicates, many.resampling.replicates) == (20, 30)
    assert len(many.draws[0]) == 30
