"""Each step of the test for patterns: directions by hand, p-values by scipy, and limits on either side."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.checks import adequacy
from scaling_cli.fitting.checks.adequacy import (
    Pattern,
    _against_general,
    _along_neighbours,
    _better,
    _directions,
    _orthonormal,
    _pure_error,
    _standard,
    _Tested,
    average_doubts,
    misfit,
)
from scaling_cli.fitting.checks.rival_laws import improvements, squares
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.laws.constrained import constrain
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.record import replace

SQUARES = Objective("least-squares")
HOFFMANN = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}


def curve(points=24, noise=0.003, law="power", runs=None, weights=None, x=None, loss=None, space="log"):
    x = np.geomspace(1e18, 1e22, points) if x is None else x
    off = noise * np.random.default_rng(0).standard_normal(len(x))
    loss = 20 * x**-0.05 * np.exp(off) if loss is None else loss
    runs = np.arange(len(x)) if runs is None else runs
    return optimum(problem_from_arrays(find_law(law), {"x": x}, loss, runs, space, weights=weights), SQUARES)


def surface(noise=0.002, gamma=1.0):
    params = np.repeat(np.geomspace(5e7, 1.6e10, 6), 4)
    tokens = params * np.tile([2.0, 8.0, 32.0, 128.0], 6)
    columns = {"params": params, "tokens": tokens}
    above = find_law("chinchilla").predict({**HOFFMANN, "E": 0.0}, columns)
    loss = (1.69 + above**gamma) * np.exp(noise * np.random.default_rng(1).standard_normal(24))
    return optimum(problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(24)), SQUARES)


def test_values_are_scaled_from_minus_one_to_one():
    assert _standard(np.array([3.0, 5.0, 9.0])) == pytest.approx([-1, -1 / 3, 1])
    assert _standard(np.full(3, 7.0)).tolist() == [0, 0, 0]


def test_the_basis_is_orthonormal_and_leaves_out_what_is_written_twice():
    matrix = np.random.default_rng(0).normal(size=(9, 3))
    basis = _orthonormal(np.column_stack([matrix, matrix[:, 0] - 2 * matrix[:, 1]]))
    assert basis.shape == (9, 3)
    assert basis.T @ basis == pytest.approx(np.eye(3), abs=1e-12)
    assert basis @ (basis.T @ matrix) == pytest.approx(matrix)
    assert _orthonormal(np.zeros((5, 2))).shape == (5, 0)


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, 24)])
def test_a_direction_is_tested_by_f_and_by_errors_of_runs(weights):
    fitted = curve(runs=np.arange(24) // 2, weights=weights)
    residual = fitted.problem.residuals(fitted.theta[None])[0][0]
    values = np.linspace(-1, 1, 24) ** 2
    root = np.sqrt(fitted.problem.weights)
    z = np.log(fitted.problem.columns["x"])
    basis = np.linalg.qr(root[:, None] * np.column_stack([np.ones(24), z]))[0]
    direction = root * (values - values.mean())
    outside = direction - basis @ (basis.T @ direction)
    outside /= np.linalg.norm(outside)
    weighted = root * residual
    along = outside @ weighted
    rest = weighted - basis @ (basis.T @ weighted) - along * outside
    variance = rest @ rest / (9 * 24 / 12)  # 12 runs, 2 parameters and a direction
    leverage = (basis**2).sum(axis=1) + outside**2
    scores = (outside * rest / np.maximum(1 - leverage, 0.2)).reshape(12, 2).sum(axis=1)
    found = _Tested(fitted, residual).pattern("bend", values)
    assert found.what == "bend"
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(along) / np.sqrt(variance), 9), rel=0.05)
    assert found.robust_p_value == pytest.approx(2 * stats.t.sf(abs(along) / np.linalg.norm(scores), 9), rel=0.05)


def test_what_the_law_follows_or_never_changes_is_not_tested():
    fitted = curve()
    tested = _Tested(fitted, fitted.problem.residuals(fitted.theta[None])[0][0])
    z = np.log(fitted.problem.columns["x"])
    assert tested.pattern("slope", z) is None
    assert tested.pattern("level", np.full(24, 3.0)) is None
    assert tested.pattern("no number", np.where(z > z.mean(), np.nan, 0.0)) is None
    bend = _standard(z) ** 2 - (_standard(z) ** 2).mean()
    slope = (z - z.mean()) * np.linalg.norm(bend) / np.linalg.norm(z - z.mean())
    assert tested.pattern("hardly a bend", slope + 2e-4 * bend) is None
    assert tested.pattern("a slight bend", slope + 1e-2 * bend) is not None


@pytest.mark.parametrize(
    ("distinct", "shapes"),
    [(3, []), (4, ["bend"]), (5, ["bend", "bend twice"]), (6, ["bend", "bend twice", "oscillate"])],
)
def test_an_input_needs_two_more_values_than_the_power_of_its_wave(distinct, shapes):
    x = np.tile(np.geomspace(1e18, 1e22, distinct), 4)
    fitted = curve(x=x)
    found = _directions(fitted)
    assert list(found) == [f"{shape} along x" for shape in shapes]
    for power, values in zip((2, 3, 4), found.values(), strict=False):
        assert values == pytest.approx(np.tile(np.linspace(-1, 1, distinct), 4) ** power)


def test_a_surface_bends_along_both_inputs_both_together_and_the_loss():
    fitted = surface()
    params, tokens = (_standard(np.log(fitted.problem.columns[name])) for name in ("params", "tokens"))
    predicted = _standard(np.log(fitted.problem.predictions(fitted.theta[None])[0]))
    expected = {
        "bend along params": params**2, "bend twice along params": params**3,
        "bend along tokens": tokens**2, "bend twice along tokens": tokens**3,
        "depend on params and tokens together": params * tokens, "bend along the predicted loss": predicted**2,
    }  # fmt: skip
    found = _directions(fitted)
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert found[name] == pytest.approx(values)


def test_an_input_that_is_not_positive_has_no_directions():
    x = np.linspace(-1, 2, 12)
    law = law_from_formula("a + b * x")
    problem = problem_from_arrays(law, {"x": x}, 3 + x, np.arange(12), "linear")
    fitted = optimum(problem, SQUARES)
    assert _directions(fitted) == {}
    assert _along_neighbours(fitted, _Tested(fitted, np.ones(12))) is None
    columns = {"x": np.append(x[:-1], 0.0), "y": np.geomspace(1, 9, 12)}
    both = optimum(problem_from_arrays(law_from_formula("a + b * x + c * y"), columns, 3 + x, np.arange(12), "linear"),
                   SQUARES)  # fmt: skip
    assert list(_directions(both)) == ["bend along y", "bend twice along y", "oscillate along y"]
    assert _along_neighbours(both, _Tested(both, np.ones(12))) is None


def p_values(monkeypatch, *values):
    given = iter(values)
    asked = []
    monkeypatch.setattr(adequacy, "neighbour_p_value", lambda inputs, *_: asked.append(inputs) or next(given))
    monkeypatch.setattr(adequacy, "equal_p_value", lambda *_: 1.0)
    return asked


@pytest.mark.parametrize(
    ("p_value", "level", "what"),
    [
        (0.002, None, "have the same sign at neighbouring params and tokens"),
        (0.0021, 0.001, "have the same sign where the law predicts about the same loss"),
        (0.0021, 0.0011, None),
    ],
)
def test_neighbours_by_inputs_come_before_those_by_predicted_loss(monkeypatch, p_value, level, what):
    fitted = surface()
    asked = p_values(monkeypatch, p_value, level)
    found = _along_neighbours(fitted, _Tested(fitted, np.ones(24)))
    assert (found and found.what) == what
    if found is not None:
        assert found.p_value == found.robust_p_value == (level or p_value)
    inputs = np.stack([_standard(np.log(values)) for values in fitted.problem.columns.values()], axis=1)
    assert asked[0] == pytest.approx(inputs)
    if level is not None:
        predicted = np.log(fitted.problem.predictions(fitted.theta[None])[0])
        assert asked[1] == pytest.approx(_standard(predicted)[:, None])


@pytest.mark.parametrize(("p_value", "is_alike"), [(0.001, True), (0.0011, False)])
def test_one_equal_input_comes_last_and_has_a_remedy_of_its_own(monkeypatch, p_value, is_alike):
    fitted = surface()
    p_values(monkeypatch, 0.5, 0.5)
    monkeypatch.setattr(adequacy, "equal_p_value", lambda inputs, place, *_: p_value if place else 1.0)
    found = _along_neighbours(fitted, _Tested(fitted, np.ones(24)))
    assert (found is not None) == is_alike
    if found is not None:
        assert found.what == "have the same sign at equal tokens"
        assert found.remedy.endswith("resample them together with --run tokens --checkpoints all")


def test_of_one_input_the_predicted_loss_says_no_more(monkeypatch):
    asked = p_values(monkeypatch, 0.5)
    fitted = curve()
    assert _along_neighbours(fitted, _Tested(fitted, np.ones(24))) is None
    assert len(asked) == 1


def with_patterns(monkeypatch, *patterns, pure=1.0):
    """`misfit` of a fit whose directions have these p-values by F and for uneven noise."""
    found = [Pattern(str(place), *each) for place, each in enumerate(patterns)]
    monkeypatch.setattr(adequacy, "_directions", lambda _: dict.fromkeys(map(str, range(len(found)))))
    monkeypatch.setattr(_Tested, "pattern", lambda _, what, __: found[int(what)])
    monkeypatch.setattr(adequacy, "neighbour_p_value", lambda *_: 1.0)
    monkeypatch.setattr(adequacy, "_pure_error", lambda *_: pure)
    return alone(misfit(curve(), names_better=False))


@pytest.mark.parametrize(
    ("patterns", "pure", "place"),
    [
        ([(0.001, 0.01), (0.5, 0.5)], 1.0, "0"),
        ([(0.5, 0.5), (0.001, 0.05)], 1.0, "1"),
        ([(0.001, 0.051), (0.5, 0.5)], 1.0, None),
        ([(0.0011, 0.01), (0.5, 0.5)], 1.0, None),
        ([(0.0011, 0.01), (0.5, 0.5)], 0.0009, "0"),
        ([(0.0011, 0.01), (0.5, 0.5)], 0.001, None),
        ([(0.025, 0.01), (0.5, 0.5)], 0.0009, "0"),
        ([(0.026, 0.01), (0.5, 0.5)], 0.0009, None),
        ([(0.002, 0.01)], 1.0, "0"),
        ([(0.05, 0.05)], 0.0, "0"),
        ([], 0.0, None),
    ],
)
def test_both_tests_must_reject_by_f_corrected_for_the_number_of_directions(monkeypatch, patterns, pure, place):
    found = with_patterns(monkeypatch, *patterns, pure=pure)
    assert (found and found.pattern.what) == place


@pytest.mark.parametrize(("size", "is_tested"), [(1e-4, False), (1e-3, True)])
def test_exact_residuals_are_relative_to_the_loss_where_it_is_not_in_logs(size, is_tested):
    """Residuals of a bend of this size have a root mean square of 0.3 times it, for losses near 1,000."""
    z = np.linspace(-1, 1, 24)
    law = law_from_formula("a + b * log(x)")
    problem = problem_from_arrays(law, {"x": np.exp(z)}, 1000 + z + size * z**2, np.arange(24), "linear")
    assert (alone(misfit(optimum(problem, SQUARES), names_better=False)) is not None) == is_tested


def test_pure_error_is_that_of_repeated_inputs():
    x = np.repeat(np.geomspace(1e18, 1e22, 8), 3)
    bend = np.repeat(np.linspace(-1, 1, 8) ** 2, 3)
    fitted = curve(x=x, loss=20 * x**-0.05 * np.exp(0.01 * bend + 0.005 * np.random.default_rng(0).normal(size=24)))
    residual = fitted.problem.residuals(fitted.theta[None])[0][0]
    means = residual.reshape(8, 3).mean(axis=1)
    lack, pure = 3 * (means**2).sum() / 6, ((residual.reshape(8, 3) - means[:, None]) ** 2).sum() / 16
    assert _pure_error(fitted, residual) == pytest.approx(stats.f.sf(lack / pure, 6, 16), rel=1e-6)
    several = replace(fitted, problem=replace(fitted.problem, runs=np.arange(24) // 3))
    assert _pure_error(several, residual) == 1.0


@pytest.mark.parametrize(("repeats", "is_one"), [(4, True), (5, False)])
def test_five_repeats_tell_the_noise(repeats, is_one):
    x = np.geomspace(1e18, 1e22, 12)
    fitted = curve(x=np.concatenate([x, x[:repeats]]))
    residual = fitted.problem.residuals(fitted.theta[None])[0][0]
    assert (_pure_error(fitted, residual) == 1.0) == is_one


def test_a_law_of_more_parameters_is_better_by_the_f_test_of_nested_models():
    x = np.geomspace(1e18, 1e22, 30)
    loss = (600 * x**-0.15 + 1.8) * np.exp(0.02 * np.random.default_rng(3).standard_normal(30))
    fitted = curve(x=x, loss=loss)
    found = alone(improvements(fitted, ("power-constant", "power", "bnsl")))
    sums = [2 * curve(x=x, loss=loss, law=law).value for law in ("power", "power-constant", "bnsl")]
    assert found[0] == pytest.approx(stats.f.sf((sums[0] - sums[1]) / (sums[1] / 27), 1, 27), rel=1e-4)
    assert found[1] == 1.0
    assert found[2] == pytest.approx(stats.f.sf((sums[0] - sums[2]) / 4 / (sums[2] / 24), 4, 24), rel=1e-3)
    assert alone(squares(fitted.problem)) == pytest.approx(sums[0])
    few = curve(x=x[:6], loss=loss[:6])
    assert alone(improvements(few, ("bnsl",))) == [1.0]  # as many parameters as runs


@pytest.mark.parametrize(
    ("p_values", "name"), [([1, 1, 0.01, 0.02, 1, 1], "m4"), ([1, 0.011, 1, 1, 1, 0.02], None), ([1] * 6, None)]
)
def test_the_law_that_improves_most_is_named_from_one_in_a_hundred_on(monkeypatch, p_values, name):
    def improvements(_, names):
        assert names == ["power-constant", "shifted-power", "m4", "bnsl", "sigmoid", "exponential-saturation"]
        return p_values
        yield

    monkeypatch.setattr(adequacy, "improvements", improvements)
    assert alone(_better(curve())) == ((name, min(p_values)) if name else (None, None))


def test_a_law_is_no_rival_of_itself_and_one_with_a_held_parameter_has_none(monkeypatch):
    seen = []

    def improvements(_, names):
        seen.append(names)
        return [1.0] * len(names)
        yield

    monkeypatch.setattr(adequacy, "improvements", improvements)
    alone(_better(curve(law="power-constant")))
    assert seen == [["shifted-power", "m4", "bnsl", "sigmoid", "exponential-saturation"]]
    problem = curve().problem
    held = constrain(find_law("power-constant"), {"c": 0.1})
    fitted = optimum(problem_from_arrays(held, problem.columns, problem.observed, problem.runs), SQUARES)
    assert alone(_better(fitted)) == (None, None)
    assert len(seen) == 1


def test_a_power_of_the_sum_is_said_with_the_p_value_of_general():
    fitted = surface(noise=0.001, gamma=0.8)
    residual = fitted.problem.residuals(fitted.theta[None])[0][0]
    found = alone(_against_general(fitted, _Tested(fitted, residual)))
    (p_value,) = alone(improvements(fitted, ("general",)))
    assert (found.better, found.better_p_value, found.pattern.p_value) == ("general", p_value, p_value)
    above = fitted.problem.predictions(fitted.theta[None])[0]
    floor = fitted.problem.parameters(fitted.theta[None])[0][0]
    slope = (above - floor) * np.log(above - floor) / above
    hint = _Tested(fitted, residual).pattern("", slope)
    assert found.pattern.robust_p_value == pytest.approx(hint.robust_p_value)
    assert alone(_against_general(curve(), _Tested(curve(), np.ones(24)))) is None


@pytest.mark.parametrize(
    ("hint", "robust", "p_value", "is_said"),
    [(0.1, 0.05, 0.008, True), (0.101, 0.05, 0.008, False), (0.1, 0.051, 0.008, False), (0.1, 0.05, 0.0081, False)],
)
def test_general_is_fitted_at_a_hint_of_one_in_ten(monkeypatch, hint, robust, p_value, is_said):
    def improvements(*_):
        return [p_value]
        yield

    monkeypatch.setattr(adequacy, "improvements", improvements)
    monkeypatch.setattr(_Tested, "pattern", lambda _, what, __: Pattern(what, hint, robust))
    fitted = surface()
    assert (alone(_against_general(fitted, _Tested(fitted, np.ones(24)))) is not None) == is_said


def test_of_laws_that_are_averaged_all_must_miss(monkeypatch):
    monkeypatch.setitem(adequacy.RIVALS, ("x",), ("power-constant",))
    x = np.geomspace(1e18, 1e22, 40)
    humps = 20 * x**-0.05 * np.exp(0.1 * np.exp(-((np.log(x / 1e20)) ** 2)))
    floor = (600 * x**-0.15 + 1.8) * np.exp(0.001 * np.random.default_rng(0).standard_normal(40))

    def problems(loss, *laws):
        return [problem_from_arrays(find_law(law), {"x": x}, loss, np.arange(40)) for law in laws]

    assert alone(average_doubts(problems(floor, "power", "power-constant"), None)) == []
    (one,) = alone(average_doubts(problems(floor, "power"), None))
    assert one.code == "law-misfit"
    assert "None of" not in one.message
    assert "--law power-constant, which fits better" in one.message
    (both,) = alone(average_doubts(problems(humps, "power", "power-constant"), None))
    assert "None of power, power-constant fits: power" in both.message
    assert "--law power-constant" not in both.message
    assert alone(average_doubts([], None)) == []
