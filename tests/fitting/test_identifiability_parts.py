"""What refuses a fit whose parameters its data do not determine, in which order, and how metrics grow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.errors import FitError
from scaling_cli.fitting.identifiability import (
    _bound_doubts,
    _condition,
    _quantiles,
    _ranges,
    _refuse_growth,
    _start_doubts,
    examine,
    require_identified,
)
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import Solution
from scaling_cli.fitting.undetermined import hidden_at_bounds, undetermined
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.record import replace

SQUARES = Objective("least-squares")
X = np.geomspace(1.0, 100.0, 16)


def formula(text, loss=None, x=X, **changes):
    law = replace(law_from_formula(text), **changes)
    loss = 3 + 2 / x if loss is None else loss
    return optimum(problem_from_arrays(law, {"x": x}, loss, np.arange(len(x)), "linear"), SQUARES)


@pytest.mark.parametrize("n", [1, 2, 11, 23])
def test_quantiles_are_those_of_numpy(n):
    values = np.random.default_rng(n).standard_normal(n)
    assert _quantiles(values, (0.1, 0.5, 0.9)) == pytest.approx(np.quantile(values, (0.1, 0.5, 0.9)))


def test_a_coordinate_without_effect_or_with_an_endless_one_has_no_condition():
    fitted = formula("a + c / x")
    assert np.isfinite(_condition(fitted))
    gone = formula("a + c / x + 0 * d")
    assert _condition(gone) == np.inf
    twice = formula("a + b + c / x")
    assert _condition(twice) > 1e14


def test_ranges_are_of_inputs_that_span_decades():
    fitted = formula("a + c / x")
    assert _ranges(fitted.problem) == {"x": pytest.approx(2.0)}
    assert _ranges(replace(fitted.problem, law=replace(fitted.problem.law, narrow=("x",)))) == {}
    assert _ranges(replace(fitted.problem, law=replace(fitted.problem.law, levels={"x": ("u", "v")}))) == {}
    some = np.where(np.arange(16) == 0, 0.0, X)
    assert _ranges(replace(fitted.problem, columns={"x": some, "y": X})) == {"y": pytest.approx(2.0)}


def with_condition(fitted, value):
    return replace(examine(fitted), condition_number=value)


def test_a_condition_number_up_to_ten_million_is_identified():
    fitted = formula("a + c / x")
    assert require_identified(fitted, with_condition(fitted, 1e7)) == ()
    with pytest.raises(FitError, match="do not determine the parameters"):
        require_identified(fitted, with_condition(fitted, 1.01e7))


def test_a_law_for_predictions_names_what_is_unknown_instead():
    fitted = formula("a + b + c / x + 0 * d", is_predictive=True)
    assert require_identified(fitted, examine(fitted)) == ("a", "b", "d")
    plain = formula("a + b + c / x + 0 * d")
    with pytest.raises(FitError, match="d can take any value"):
        require_identified(plain, examine(plain))


def test_a_written_law_whose_search_ended_far_off_says_that_first():
    fitted = formula("a + b + c / x")
    far = replace(fitted, theta=fitted.theta + np.array([5.0, 0.0, 0.0]))
    with pytest.raises(FitError, match="ended far from the data"):
        require_identified(far, with_condition(far, 1e9))
    named = optimum(problem_from_arrays(find_law("power-constant"), {"x": X}, 3 + 2 / X, np.arange(16)), SQUARES)
    far = replace(named, theta=named.theta + np.array([2.0, 0.0, 0.0]))
    with pytest.raises(FitError, match="do not determine"):
        require_identified(far, with_condition(far, 1e9))


def test_what_slid_to_a_bound_is_refused_for_written_laws_that_are_not_for_predictions():
    fitted = formula("a + b + c / x")
    low = fitted.problem.low.copy()
    low[0] = fitted.theta[0]
    bounded = replace(fitted, problem=replace(fitted.problem, low=low))
    assert hidden_at_bounds(bounded)
    with pytest.raises(FitError, match="a and b can change together"):
        require_identified(bounded, with_condition(bounded, 1e3))
    law = replace(bounded.problem.law, is_predictive=True)
    predictive = replace(bounded, problem=replace(bounded.problem, law=law))
    assert require_identified(predictive, with_condition(predictive, 1e3)) == ()


def growing(metric, law="power-constant"):
    """A fit of this law to a metric."""
    x = np.geomspace(1.0, 100.0, len(metric))
    law = find_law(law) if law == "power-constant" else law_from_formula(law)
    problem = problem_from_arrays(law, {"x": x}, np.asarray(metric, float), np.arange(len(metric)), "linear")
    return optimum(problem, SQUARES)


@pytest.mark.parametrize(
    ("order", "is_refused"),
    [([1, 2, 3, 4, 5, 6, 7, 8], True), ([4, 2, 1, 5, 8, 3, 6, 7], True), ([5, 2, 1, 6, 8, 3, 4, 7], False)],
)
def test_a_metric_grows_where_its_rank_correlation_with_an_input_is_above_a_half(order, is_refused):
    metric = 0.1 * np.array(order, float)
    assert (stats.spearmanr(np.arange(8), metric)[0] > 0.5) == is_refused
    fitted = growing(metric)
    if is_refused:
        with pytest.raises(FitError, match="grows with x"):
            _refuse_growth(fitted)
    else:
        _refuse_growth(fitted)


def test_a_flat_fit_is_one_that_stays_within_a_tenth_of_the_data(monkeypatch):
    fitted = growing(np.linspace(0.2, 0.8, 12))
    for share, words in ((0.09, "is flat"), (0.11, "does not determine")):
        predicted = 0.5 + share * 0.6 * np.linspace(-0.5, 0.5, 12)
        monkeypatch.setattr(type(fitted.problem), "predictions", lambda *_, values=predicted: values[None])
        with pytest.raises(FitError, match=words):
            _refuse_growth(fitted)


def test_a_formula_of_the_users_is_refused_only_where_it_is_flat(monkeypatch):
    fitted = growing(np.linspace(0.2, 0.8, 12), "a + b * log(x)")
    _refuse_growth(fitted)
    monkeypatch.setattr(type(fitted.problem), "predictions", lambda *_: np.full((1, 12), 0.5))
    with pytest.raises(FitError, match="is flat"):
        _refuse_growth(fitted)


def test_an_input_that_is_narrow_may_rise_with_the_loss():
    fitted = growing(np.linspace(0.2, 0.8, 12))
    law = replace(fitted.problem.law, narrow=("x",))
    _refuse_growth(replace(fitted, problem=replace(fitted.problem, law=law)))


def test_the_input_that_a_metric_follows_most_is_named(monkeypatch):
    fitted = growing(np.linspace(0.2, 0.8, 12))
    other = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 11.0])
    problem = replace(fitted.problem, columns={"y": other, "x": X[:12], "z": np.ones(12)})
    monkeypatch.setattr(type(problem), "predictions", lambda *_: np.full((1, 12), 0.5))
    with pytest.raises(FitError, match="grows with x"):
        _refuse_growth(replace(fitted, problem=problem))


def ended(*rows, values=None):
    fitted = optimum(problem_from_arrays(find_law("power-constant"), {"x": X}, 3 + 2 / X, np.arange(16)), SQUARES)
    theta = fitted.theta + np.array(rows, float)
    values = np.ones(len(rows)) if values is None else np.array(values)
    return replace(fitted, polished=Solution(theta, values, np.ones(len(rows)), np.ones(len(rows), dtype=bool)))


def test_a_start_that_alone_reached_the_best_is_told_where_others_were_tried():
    codes = [each.code for each in _start_doubts(ended([0, 0, 0], [0, 0, 0], values=[1.0, 2.0]), None)]
    assert codes == ["lone-start"]
    assert _start_doubts(ended([0, 0, 0], values=[1.0]), None) == []
    assert _start_doubts(ended([0, 0, 0], [0, 0, 0], values=[1.0, 1.0]), None) == []


@pytest.mark.parametrize(("step", "is_told"), [(0.009, False), (0.011, True), (-0.011, True)])
def test_a_rival_differs_by_a_hundredth_in_a_parameter(step, is_told):
    floor = ended([0, 0, 0]).theta[2]
    found = _start_doubts(ended([0, 0, 0], [0, 0, step * floor / (1 - max(step, 0))]), None)
    assert [each.code for each in found] == ["rival-optimum"] * is_told
    assert all("c " in each.message for each in found)


def test_the_first_rival_that_differs_is_the_one_that_is_told():
    found = _start_doubts(ended([0, 0, 0], [0, 0, 0.002], [0.7, 0, 0], [0, 0, -0.5]), None)
    (told,) = [each.message for each in found if each.code == "rival-optimum"]
    assert "gives a " in told


def test_every_parameter_at_a_bound_is_named():
    fitted = ended([0, 0, 0])
    low, high = fitted.problem.low.copy(), fitted.problem.high.copy()
    low[1], high[2] = fitted.theta[1], fitted.theta[2]
    bounded = replace(fitted, problem=replace(fitted.problem, low=low, high=high))
    assert [each.message.split(" ")[0] for each in _bound_doubts(bounded, None)] == ["b", "c"]
    assert _bound_doubts(fitted, None) == []


def test_directions_are_those_of_singular_values_below_the_limit():
    """The columns of a + b * (1 + s / x) differ by s / x, so the condition number of their scaled columns follows."""
    fitted = formula("a + b * (1 + 1e-3 / x)")
    jacobian = fitted.problem.residuals(fitted.theta[None])[1][0]
    scaled = jacobian / np.linalg.norm(jacobian, axis=0)
    condition = np.linalg.cond(scaled) ** 2
    assert undetermined(fitted, condition * 1.01) == ()
    (found,) = undetermined(fitted, condition * 0.99)
    assert found.names == ("a", "b")
    assert found.change[0] / found.change[1] == pytest.approx(-1.0, rel=2e-3)
