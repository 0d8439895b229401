"""Parameters that are held, or held equal, leave a law like any other."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.laws.constrained import constrain
from scaling_cli.record import replace
from scaling_cli.report.fit import view
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render
from scaling_cli.results.fit import Estimate
from tests import ROOT
from tests.fitting.test_recovery import simulated
from tests.grids import one_of_each
from tests.laws.designs import DETERMINED

each_parameter = pytest.mark.parametrize(
    ("law", "name"),
    one_of_each(
        [(law, name) for law in DETERMINED for name in law.names],
        name=lambda law, name: f"{law.name}-{name}",
        kind=lambda law, _: law.name,
    ),
)


def fitted(law, problem):
    held = problem_from_arrays(law, problem.columns, problem.observed, problem.runs)
    best = optimum(held, Objective("least-squares"))
    values = held.parameters(best.theta[None])[0]
    return dict(zip(law.names, values.tolist(), strict=True)), best.value


@pytest.mark.sample(3)
@each_parameter
def test_any_parameter_can_be_held_at_its_value(law, name):
    problem, truth = simulated(law, np.random.default_rng(3))
    expected = dict(zip(law.names, truth.tolist(), strict=True))
    held = constrain(law, {name: expected[name]})
    values, _ = fitted(held, problem)
    assert held.complete(values) == pytest.approx(expected, rel=1e-6)


def test_chinchilla_with_equal_exponents_is_the_tied_law():
    problem, _ = simulated(find_law("chinchilla"), np.random.default_rng(4), noise=0.01)
    tied, value = fitted(constrain(find_law("chinchilla"), {}, [("beta", "alpha")]), problem)
    expected, least = fitted(find_law("chinchilla-tied"), problem)
    assert tied == pytest.approx(expected, rel=1e-6)
    assert value == pytest.approx(least, rel=1e-9)


def test_general_law_at_power_one_is_chinchilla():
    problem, _ = simulated(find_law("chinchilla"), np.random.default_rng(5), noise=0.01)
    values, value = fitted(constrain(find_law("general"), {"gamma": 1.0}), problem)
    expected, least = fitted(find_law("chinchilla"), problem)
    assert values == pytest.approx(expected, rel=1e-5)
    assert value == pytest.approx(least, rel=1e-9)


def test_ties_chain_and_coefficients_can_be_equal():
    law = constrain(find_law("general"), {"E": 0.0}, [("alpha", "beta"), ("A", "B")])
    assert law.names == ("A", "alpha", "gamma")
    assert law.complete({"A": 2.0, "alpha": 0.3, "gamma": 1.1}) == {
        "E": 0.0, "A": 2.0, "B": 2.0, "alpha": 0.3, "beta": 0.3, "gamma": 1.1,
    }  # fmt: skip


def test_held_parameters_are_reported_without_an_interval():
    law = find_law("chinchilla")
    problem, _ = simulated(law, np.random.default_rng(6), noise=0.003)
    frame = pl.DataFrame({**problem.columns, "loss": problem.observed})
    result = scaling.fit(frame, law="chinchilla", fix={"alpha": 0.34}, replicates=40).results[0]
    assert tuple(result.parameters) == law.names
    assert result.parameters["alpha"].estimate == 0.34
    assert result.parameters["alpha"].low is None
    assert result.parameters["beta"].low < result.parameters["beta"].estimate < result.parameters["beta"].high
    draws = np.array(result.draws)
    assert draws.shape[1] == 5
    assert (draws[:, 3] == 0.34).all()
    assert result.derived["params_exponent"].low is not None
    for held in ({"fix": {"alpha": 0.3, "beta": 0.3}}, {"tie": "alpha=beta"}):
        following = scaling.fit(frame, law="chinchilla", replicates=40, **held).results[0]
        assert following.derived["params_exponent"] == Estimate(0.5)
        assert "best params grow as compute^0.5." in following.sentence


def test_held_parameters_are_told_under_other_objectives_too():
    frame = pl.read_csv(ROOT / "sample_data" / "isoflop_runs.csv")
    report = scaling.fit(frame, law="chinchilla", fix={"alpha": 0.34}, interval="none", spread=True)
    assert all(tuple(other.parameters) == find_law("chinchilla").names for other in report.results[0].spread)
    assert "alpha 0.34 to 0.34" in render(report, "plain", view, look=Look())


@pytest.mark.parametrize(
    ("fix", "tie", "said"),
    [
        ({"delta": 1.0}, [], "no parameter 'delta'"),
        ({"A": -1.0}, [], "cannot be fixed at -1"),
        ({"alpha": float("nan")}, [], "cannot be fixed at nan"),
        ({}, [("A", "alpha")], "cannot be tied"),
        ({"alpha": 0.3}, [("alpha", "beta")], "another constraint"),
        ({}, [("alpha", "alpha")], "another constraint"),
        (dict.fromkeys(("E", "A", "B", "alpha", "beta"), 1.0), [], "Every parameter"),
    ],
)
def test_impossible_constraints_are_usage_errors(fix, tie, said):
    with pytest.raises(UsageError, match=said):
        constrain(find_law("chinchilla"), fix, tie)


def test_a_tied_parameter_has_the_bounds_of_both():
    law = find_law("chinchilla")
    problem, _ = simulated(law, np.random.default_rng(6))
    tied = constrain(law, {}, [("beta", "alpha")])
    a, b = (law.names.index(name) for name in ("alpha", "beta"))
    place = tied.names.index("alpha")
    for lows, highs in (((0.1, 0.2), (0.8, 0.9)), ((0.3, 0.2), (0.9, 0.7))):
        low, high = (np.array(values) for values in law.bounds(problem.scene))
        low[[a, b]], high[[a, b]] = lows, highs

        class Bounded(type(law)):
            def bounds(self, scene, ends=(low, high)):
                return ends

        wider = replace(tied, inner=Bounded(**{name: getattr(law, name) for name in law.__struct_fields__}))
        least, most = wider.bounds(problem.scene)
        assert (least[place], most[place]) == (max(lows), min(highs))


CONSTRAINTS = [
    ("chinchilla", {"alpha": 0.31}, ()),
    ("chinchilla", {"A": 350.0}, ()),
    ("chinchilla", {"E": 0.0}, (("beta", "alpha"),)),
    ("general", {"gamma": 1.2, "A": 300.0}, ()),
    ("power-constant", {"b": -0.2}, ()),
]


@pytest.mark.parametrize(("name", "fix", "tie"), CONSTRAINTS)
def test_a_constrained_law_predicts_what_the_whole_law_does_with_slopes_of_differences(name, fix, tie):
    whole = find_law(name)
    law = constrain(whole, fix, tie)
    problem, truth = simulated(whole, np.random.default_rng(7))
    values = dict(zip(whole.names, truth.tolist(), strict=True)) | fix
    free = {each: values[each] for each in law.names}
    expected = np.log(whole.predict(law.complete(free), problem.columns))
    raw = law.to_coordinates(np.array([[free[each] for each in law.names]]))
    assert law.evaluate(raw, law.prepare(problem.columns))[0][0] == pytest.approx(expected)
    inputs, matrix, offset = law.centre(law.prepare(problem.columns))
    theta = raw @ matrix.T + offset
    found, slopes = law.evaluate(theta, inputs)
    assert found[0] == pytest.approx(expected)
    linear, steeper = law.evaluate_linear(theta, inputs)
    assert linear[0] == pytest.approx(np.exp(expected))
    for place in range(len(law.names)):
        step = 1e-6 * np.eye(len(law.names))[place]
        for values_of, jacobian in ((law.evaluate, slopes), (law.evaluate_linear, steeper)):
            ahead, behind = (values_of(theta + sign * step, inputs)[0] for sign in (1, -1))
            assert jacobian[..., place] == pytest.approx((ahead - behind) / 2e-6, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("name", "fix", "tie"), CONSTRAINTS)
def test_starts_are_those_of_the_whole_law_or_spread_where_no_scale_solves_a_parameter(name, fix, tie):
    whole = find_law(name)
    law = constrain(whole, fix, tie)
    problem, _ = simulated(whole, np.random.default_rng(7))
    scene = problem_from_arrays(law, problem.columns, problem.observed, problem.runs).scene
    axes, solved = law.axes(scene), {each for scale in law.scales for each in scale.moves}
    assert set(axes) | solved == set(law.names)
    assert all(set(scale.moves) <= set(law.names) for scale in law.scales)
    own = whole.axes(problem.scene)
    low, high = law.bounds(scene)
    for each in set(axes) - solved:
        if each in own:
            assert axes[each] == pytest.approx(own[each])
            continue
        place = law.names.index(each)
        ends = max(low[place], -30.0), min(high[place], 30.0)
        assert len(axes[each]) == 9
        assert np.diff(axes[each]) == pytest.approx((ends[1] - ends[0]) / 10)
        assert axes[each][0] - ends[0] == pytest.approx((ends[1] - ends[0]) / 10)
