"""From where the parameters of a written formula are searched, with sizes worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.laws.custom import law_from_formula
from scaling_cli.laws.law import Scene

X = np.array([1.0, 10.0, 100.0])  # of geometric mean 10
COLUMNS = {"x": X, "y": np.array([4.0, 4.0, 4.0])}
EXPONENTS = np.array([0.04, 0.12, 0.3, 0.6, 1.2])
SIZES = np.array([0.01, 0.1, 0.5, 1.0, 3.0, 20.0])


def starts(text, name, columns=COLUMNS, **asked):
    law = law_from_formula(text, tuple(columns), **asked)
    scene = Scene(law.prepare(columns), 2.0, 8.0)
    found = law.roles[name].starts
    return None if found is None else found(scene)


def test_exponents_start_on_both_sides_of_zero():
    both = np.concatenate([-EXPONENTS[::-1], EXPONENTS])
    assert starts("E + A*x^alpha", "alpha") == pytest.approx(both)
    assert starts("E + A*x^-alpha", "alpha", bound={"alpha": (0.0, 0.5)}) == pytest.approx([0.04, 0.12, 0.3])


def test_what_enters_linearly_is_solved_for():
    assert starts("E + A*x^-alpha", "E") is None
    assert starts("E + A*x^-alpha", "A") is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("E + log(1 + exp(-x/h))", 10.0),  # divides x: as large as x
        ("E + exp(-(x/y)/h)", 2.5),  # divides a quotient: as large as that
        ("E + sqrt(exp(x + h))", 10.0),  # is added to x
        ("E + sqrt(exp(-h + x))", 10.0),
        ("E + exp(-x/h)", 10.0),
    ],
)
def test_a_number_that_is_added_to_an_input_or_divides_it_starts_from_its_size(text, size):
    assert starts(text, "h") == pytest.approx(size * SIZES)


def test_a_number_that_multiplies_an_input_starts_from_the_inverse_of_its_size_with_both_signs():
    half = SIZES / 10
    assert starts("E + exp(-k*x)", "k") == pytest.approx(np.concatenate([-half[::-1], half]))
    assert starts("E + exp(-x*k)", "k", bound={"k": (0.0, 0.2)}) == pytest.approx(half[:4])


def test_values_that_are_zero_do_not_enter_a_size():
    with_zero = {"x": np.array([0.0, 1.0, 100.0])}
    assert starts("E + exp(-x/h)", "h", with_zero) == pytest.approx(10 * SIZES)
    assert starts("E + exp(-x/h)", "h", {"x": np.zeros(3)}) == pytest.approx(SIZES)


def test_a_place_in_a_log_starts_from_quantiles_of_it():
    logs = np.log(10.0) * np.array([0.0, 0.2, 0.5, 0.8, 1.0, 1.2, 1.5, 1.8, 2.0])
    assert starts("E + A*(log(x) - u)^2", "u") == pytest.approx(logs)


def test_a_coefficient_inside_a_power_starts_around_the_terms_beside_it():
    inside = starts("E + (A*y^b + x)^-alpha", "A")
    assert inside == pytest.approx(np.log(10.0) + np.array([-4.0, -1.0, 1.0, 4.0]))
    two = starts("E + (A*y^b + x + y)^-alpha", "A")  # the larger of the terms counts
    assert two == pytest.approx(inside)
    alone = starts("E + (A*y^b + B*x^c)^-alpha", "A")
    assert alone == pytest.approx([-4.0, -1.0, 1.0, 4.0])
    bounded = starts("E + (A*y^b + x)^-alpha", "A", bound={"A": (1.0, 20.0)})
    assert bounded == pytest.approx([0.0, np.log(10.0) - 1, np.log(20.0), np.log(20.0)])


def test_what_was_asked_for_is_the_only_start():
    assert starts("E + A*x^-alpha", "alpha", start={"alpha": 0.25}).tolist() == [0.25]
    assert starts("E + (A*y^b + x)^-alpha", "A", start={"A": 7.0}) == pytest.approx([np.log(7.0)])
    assert starts("E + exp(-x/h)", "h", start={"h": -3.0}).tolist() == [-3.0]


@pytest.mark.parametrize(
    ("bound", "found"),
    [
        ((2.0, 8.0), [3.0, 4.0, 5.0, 6.0, 7.0]),
        ((2.0, np.inf), 2.0 + EXPONENTS),
        ((-np.inf, -2.0), -2.0 - EXPONENTS),
    ],
)
def test_bounds_without_a_usual_value_between_them_give_starts_of_their_own(bound, found):
    assert starts("E + A*x^alpha", "alpha", bound={"alpha": bound}) == pytest.approx(found)


def test_a_bound_is_no_start():
    assert starts("E + A*x^alpha", "alpha", bound={"alpha": (0.12, 0.6)}) == pytest.approx([0.3])


def test_bounds_of_a_coefficient_are_logs_that_exp_can_take():
    law = law_from_formula("E + A*x^-alpha", ("x",))
    scene = Scene(law.prepare({"x": X}), 2.0, 8.0)
    assert law.roles["A"].bounds(scene) == (-700.0, 700.0)
    bounded = law_from_formula("E + A*x^-alpha", ("x",), bound={"A": (0.5, 20.0), "E": (-1.0, 3.0)})
    assert bounded.roles["A"].bounds(scene) == pytest.approx(np.log([0.5, 20.0]))
    assert bounded.roles["E"].bounds(scene) == (-1.0, 3.0)
    signed = law_from_formula("E + A*x^-alpha", ("x",), bound={"A": (-2.0, 2.0)})
    assert signed.roles["A"].bounds(scene) == (-2.0, 2.0)
    assert signed.signed == ("E", "A", "alpha")  # what is not bounded by zero may be negative
    assert bounded.signed == ("E", "alpha")
    assert law_from_formula("E + A*x^-alpha", ("x",), bound={"E": (0.0, 3.0)}).signed == ("alpha",)


def test_coefficients_and_exponents_are_named_as_such():
    law = law_from_formula("E + A*x^-alpha + exp(-k*y)", ("x", "y"))
    kinds = {each.name: (each.meaning, each.positive, each.kind) for each in law.parameters}
    assert kinds["A"] == ("coefficient of the formula", True, "other")
    assert kinds["alpha"] == ("exponent of the formula", False, "exponent")
    assert kinds["k"] == ("number of the formula", False, "other")
    assert kinds["E"] == ("number of the formula", False, "other")


def test_a_coefficient_takes_up_the_unit_of_an_input_by_its_own_exponent():
    """A x^-alpha = A' (x / m)^-alpha with log A' = log A - alpha log m."""
    law = law_from_formula("E + A*x^-alpha", ("x",))
    assert [(each.coordinate, each.input, each.by, each.sign) for each in law.absorbs] == [("A", "x", "alpha", -1.0)]


def test_an_exponent_with_levels_takes_up_the_unit_at_the_level_of_its_coefficient_or_by_its_mean():
    levels = {"arch": ("a", "b", "c", "d")}
    own = law_from_formula("E + A[arch]*x^-alpha[arch]", ("x", "arch"), levels=levels)
    assert {(each.coordinate, each.by, each.sign) for each in own.absorbs} == {
        (f"A[{label}]", f"alpha[{label}]", -1.0) for label in "abcd"
    }
    shared = law_from_formula("E + A*x^-alpha[arch]", ("x", "arch"), levels=levels)
    assert {(each.coordinate, each.by, each.sign) for each in shared.absorbs} == {
        ("A", f"alpha[{label}]", -0.25) for label in "abcd"
    }
    common = law_from_formula("E + A[arch]*x^-alpha", ("x", "arch"), levels=levels)
    assert {(each.coordinate, each.by, each.sign) for each in common.absorbs} == {
        (f"A[{label}]", "alpha", -1.0) for label in "abcd"
    }
