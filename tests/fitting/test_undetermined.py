"""What is said of parameters that the data do not determine, and of a search that ended far from the data."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.undetermined import (
    Direction,
    hidden_at_bounds,
    is_far_from_noise,
    not_determined,
    search_failed,
    undetermined,
)
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.record import replace

X = np.geomspace(1.0, 100.0, 12)
HOPELESS = 1e7


def fitted(formula, loss=None, x=X, space="linear"):
    loss = 3 + 2 / x if loss is None else loss
    problem = problem_from_arrays(law_from_formula(formula), {"x": x}, loss, np.arange(len(x)), space)
    return optimum(problem, Objective("least-squares"))


def at(fit: Fitted, *theta: float) -> Fitted:
    """The fit with these coordinates in place of its own."""
    return replace(fit, theta=np.array(theta))


def directions(formula, hopeless=HOPELESS, **options):
    return {found.names: found.change for found in undetermined(fitted(formula, **options), hopeless)}


def test_two_parameters_that_only_add_trade_off_one_for_one():
    (change,) = directions("a + b + c / x").values()
    assert list(directions("a + b + c / x")) == [("a", "b")]
    assert change[0] / change[1] == pytest.approx(-1.0)


def test_the_change_is_in_the_parameters_own_units():
    (change,) = directions("a + 10 * b + c / x").values()
    assert change[0] / change[1] == pytest.approx(-10.0)


def test_a_parameter_that_changes_nothing_is_named_alone_and_before_others():
    found = directions("a + b + c / x + 0 * d")
    assert list(found) == [("d",), ("a", "b")]
    assert found["d",].tolist() == [1.0]


def test_what_the_data_determine_is_not_named():
    assert directions("a + c / x") == {}
    assert directions("a + c / x", hopeless=1.0) != {}


def test_the_worst_direction_comes_first():
    """Of two pairs that nearly trade off, the closer one is worse."""
    formula = "a + b * (1 + 1e-6 / x) + c / x^2 + d * (1 / x^2 + 1e-3 / x)"
    loss = 3 + 2 / X + 1 / X**2
    found = undetermined(fitted(formula, loss), 1e4)
    assert [set(each.names) for each in found] == [{"a", "b"}, {"c", "d"}]


@pytest.mark.parametrize(
    ("names", "change", "is_log", "said"),
    [
        (("a",), [1.0], [0], "a can take any value without changing a prediction"),
        (("a", "b"), [1.0, -2.0], [0, 0], "what is determined is a + 0.5 * b"),
        (("a", "b"), [1.0, 2.0], [0, 0], "what is determined is a - 0.5 * b"),
        (("a", "b"), [3.0, 1.0], [1, 0], "what is determined is log a - 3 * b"),
        (("a", "b"), [3.0, 1.0], [0, 1], "what is determined is a - 3 * log b"),
    ],
)
def test_one_or_two_parameters_are_said_with_what_is_determined(names, change, is_log, said):
    words = Direction(names, np.array(change)).said(dict(zip(names, map(bool, is_log), strict=True)))
    assert words.endswith(said)


def test_of_many_parameters_six_are_named():
    said = Direction(tuple("abcdefgh"), np.ones(8)).said({})
    assert said == "a, b, c, d, e and f can change together without changing a prediction"
    assert Direction(("a", "b", "c"), np.ones(3)).said({}).startswith("a, b and c can change together")


def test_a_refusal_names_two_directions_and_says_what_to_do():
    law = law_from_formula("a + b / x")
    found = [Direction((name,), np.ones(1)) for name in "abc"]
    error = not_determined(law, 3e9, found)
    assert "condition number 3.0e+09): a can take any value" in error.message
    assert "; b can take" in error.message
    assert "c can take" not in error.message
    assert "--fix" in error.hint
    assert not_determined(law, 3e9, ()).message.endswith("(condition number 3.0e+09).")


def test_starting_values_are_offered_only_for_a_formula():
    """Other laws have their own, so that the command would refuse them."""
    assert "--start" in search_failed(law_from_formula("a + b / x")).hint
    grouped = find_law("chinchilla by optimizer=adamw;muon sharing E", ("params", "tokens", "level of optimizer"))
    for law in (find_law("observational"), grouped):
        assert search_failed(law).hint == "Choose another --law."


def test_written_laws_are_formulas_also_in_groups():
    assert law_from_formula("a + b / x").is_formula
    assert not find_law("power").is_formula
    assert find_law("bnsl").is_formula


@pytest.mark.parametrize(("noise", "off", "is_far"), [(0.01, 0.0, False), (0.01, 0.015, False), (0.01, 0.03, True)])
def test_a_fit_is_far_where_its_residuals_are_twice_those_of_a_smooth_surface(noise, off, is_far):
    generator = np.random.default_rng(0)
    x = np.geomspace(1.0, 100.0, 400)
    fit = fitted("a + b * log(x)", 3 - 0.2 * np.log(x) + noise * generator.standard_normal(400), x)
    a, b = fit.theta
    # Residuals of size `off` on top of the noise: their root mean square is that of both.
    assert is_far_from_noise(at(fit, a + off, b)) is is_far


def test_with_too_few_points_for_a_surface_no_fit_is_far():
    """The surface of one input has three terms, and each needs two points."""
    for points, is_far in ((5, False), (6, True)):
        x = X[:points]
        fit = fitted("a + b * log(x)", 3 - 0.2 * np.log(x), x)
        assert is_far_from_noise(at(fit, 9.0, 1.0)) is is_far


def test_a_surface_bends_in_each_input_and_in_both_together():
    """Data that are a parabola in two logs leave the surface no residuals, so any fit with some is far."""
    generator = np.random.default_rng(1)
    u, v = generator.uniform(0, 4, (2, 40))
    loss = 30 + u**2 + 2 * v**2 - 3 * u * v
    law = law_from_formula("a + b * x + c * y")
    columns = {"x": np.exp(u), "y": np.exp(v)}
    fit = optimum(problem_from_arrays(law, columns, loss, np.arange(40), "linear"), Objective("least-squares"))
    assert is_far_from_noise(fit)
    noisy = loss + 5 * generator.standard_normal(40)
    fit = optimum(problem_from_arrays(law, columns, noisy, np.arange(40), "linear"), Objective("least-squares"))
    assert not is_far_from_noise(fit)


def test_inputs_that_are_not_positive_or_do_not_vary_make_a_surface_as_well():
    x = np.linspace(-2, 2, 30)
    fit = fitted("a + b * x", 3 + 2 * x + 0.1 * np.random.default_rng(0).standard_normal(30), x)
    assert not is_far_from_noise(fit)
    assert is_far_from_noise(at(fit, *(fit.theta + 1)))
    law = law_from_formula("a + b * x + 0 * c * y")
    columns = {"x": x, "y": np.ones(30)}
    problem = problem_from_arrays(law, columns, 3 + 2 * x, np.arange(30), "linear")
    fit = optimum(problem, Objective("least-squares"))
    assert is_far_from_noise(at(fit, *(fit.theta + 1)))


def bounded(low=None, high=None):
    """A fit of `a + b + c / x`, where a and b trade off, with a at a bound."""
    fit = fitted("a + b + c / x")
    a = fit.theta[0]
    problem = fit.problem
    ends = problem.low.copy(), problem.high.copy()
    if low is not None:
        ends[0][0] = a + low
    if high is not None:
        ends[1][0] = a + high
    return replace(fit, problem=replace(problem, low=ends[0], high=ends[1]))


def test_what_slid_to_a_bound_without_changing_a_prediction_is_found():
    for fit in (bounded(low=0.0), bounded(high=0.0)):
        assert [found.names for found in hidden_at_bounds(fit)] == [("a", "b")]
    for fit in (bounded(low=-1.0), bounded(high=1.0)):
        assert hidden_at_bounds(fit) == ()


def test_the_exponent_of_a_term_that_vanished_is_not_hidden():
    x = np.geomspace(1.0, 3.0, 12)
    problem = problem_from_arrays(find_law("power-constant"), {"x": x}, 3 + 2 / x, np.arange(12))
    fit = optimum(problem, Objective("least-squares"))
    gone = replace(fit, theta=np.where(problem.law.vanishing, problem.low, fit.theta))
    assert {"a", "b"} <= {name for found in undetermined(gone, 1e14) for name in found.names}
    assert hidden_at_bounds(gone) == ()


def test_a_bound_of_another_parameter_hides_nothing():
    fit = fitted("a + b + c / x")
    low = fit.problem.low.copy()
    low[2] = fit.theta[2]
    assert hidden_at_bounds(replace(fit, problem=replace(fit.problem, low=low))) == ()
