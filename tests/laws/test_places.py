"""Where parameters of a written formula stand, and what their units follow from."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.formula.tree import parse
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.laws.law import Scene
from scaling_cli.laws.places import exchangeable, place_of, powers

INPUTS = ("x", "z")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x", {"x": [(1.0, None)]}),
        ("x^2", {"x": [(2.0, None)]}),
        ("x^-a", {"x": [(-1.0, "a")]}),
        ("1 / x^a", {"x": [(-1.0, "a")]}),
        ("sqrt(x)", {"x": [(0.5, None)]}),
        ("-x", {"x": [(1.0, None)]}),
        ("x * z^a", {"x": [(1.0, None)], "z": [(1.0, "a")]}),
        ("x / z^a", {"x": [(1.0, None)], "z": [(-1.0, "a")]}),
        ("x * x^a", {"x": [(1.0, None), (1.0, "a")]}),
        ("(x^2 / z)^a", {"x": [(2.0, "a")], "z": [(-1.0, "a")]}),
        ("x^(a + 2)", {"x": [(1.0, "a"), (2.0, None)]}),
        ("x^(a - b)", {"x": [(1.0, "a"), (-1.0, "b")]}),
        ("x^(a * b)", {}),
        ("x^z", {}),
        ("(x^a)^b", {}),
        ("x + z", {}),
        ("x^(2 * a)", {"x": [(2.0, "a")]}),
        ("a * b", {}),
    ],
)
def test_powers_of_inputs_are_numbers_and_parameters(text, found):
    assert powers(parse(text), INPUTS) == found


@pytest.mark.parametrize(
    ("text", "others", "is_positive"),
    [
        ("A * x^b + c", {"x", "b"}, True),
        ("c + A / x^b", {"x", "b"}, True),
        ("exp(A * x)", {"x"}, False),
        ("(A * x + c)^b", {"x"}, True),
        ("b^(A * x)", {"x"}, False),
        ("log(A * x + 1)", {"x"}, True),
        ("sqrt(A * x)", {"x"}, True),
        ("c / (1 + A * x)", {"x"}, True),
        ("c * (A * x + 1)", {"x", "c"}, True),
    ],
)
def test_a_coefficient_has_a_part_of_its_own_that_may_have_to_be_positive(text, others, is_positive):
    found = place_of(parse(text), "A")
    assert (found.other_names(), found.is_positive) == (others, is_positive)


def test_what_is_linear_nowhere_has_no_place():
    assert place_of(parse("A^2 + x"), "A") is not None  # it is linear in its own base
    assert place_of(parse("A * x + A^2 * x"), "B") is None


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("A * x^a + B * x^b", [(("A", "a"), ("B", "b"))]),
        ("A * x^a + B * x^b + C * x^c + E", [(("A", "a"), ("B", "b"), ("C", "c"))]),
        ("A * x^a + B * z^b", []),
        ("A * x^a + B * x^a", []),
        ("A * x^a + B / x^b", []),
        ("A + B", []),
    ],
)
def test_terms_that_differ_in_names_alone_may_change_places(text, sets):
    assert list(exchangeable(parse(text), INPUTS)) == [tuple(one) for one in sets]


SCENE = Scene({"x as it is": np.array([2.0, 8.0]), "x": np.log([2.0, 8.0])}, 1.0, 4.0)


def bounds(text, **options):
    law = law_from_formula(text, **options)
    return law, dict(zip(law.names, zip(*law.bounds(SCENE), strict=True), strict=True))


def test_bounds_that_were_asked_for_are_those_of_the_search():
    law, found = bounds("c + A * x^b", bound={"b": (-2.0, -0.5), "A": (1.0, 10.0)})
    assert found["b"] == (-2.0, -0.5)
    positive = next(each for each in law.parameters if each.name == "A").positive
    assert found["A"] == pytest.approx(np.log([1.0, 10.0]) if positive else (1.0, 10.0))
    assert found["c"] == (-np.inf, np.inf)


def test_a_coefficient_that_may_be_negative_is_no_logarithm():
    for low, positive in ((-1.0, False), (0.0, True), (0.5, True)):
        law = law_from_formula("c + A * x^b", bound={"A": (low, 10.0)})
        assert next(each for each in law.parameters if each.name == "A").positive is positive


def test_a_start_that_was_asked_for_is_the_only_one():
    law = law_from_formula("c + A * x^b", start={"b": -0.3})
    assert law.axes(SCENE)["b"].tolist() == [-0.3]
    free = law_from_formula("c + A * x^b").axes(SCENE)["b"]
    assert sorted(free.tolist()) == free.tolist()
    assert (free.min() < -1, free.max() > 1, len(free)) == (True, True, 10)


def test_parameters_are_said_to_be_coefficients_exponents_or_numbers():
    meanings = {each.name: each.meaning.split()[0] for each in law_from_formula("c + A * x^b").parameters}
    assert meanings == {"A": "coefficient", "b": "exponent", "c": "number"}
    kinds = {each.name: each.kind for each in law_from_formula("c + A * x^b").parameters}
    assert kinds == {"A": "other", "b": "exponent", "c": "other"}


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("c / (1 + x / d)", "d", [0.01, 0.1, 0.5, 1.0, 3.0, 20.0]),  # a number that divides an input has its size
        ("c * exp(-k * x)", "k", None),
        ("c + (log(x) - u)^2", "u", None),
    ],
)
def test_numbers_beside_an_input_start_from_its_size(text, name, expected):
    found = law_from_formula(text).axes(SCENE)[name]
    size = 4.0  # the geometric mean of 2 and 8
    if name == "d":
        assert found == pytest.approx(size * np.array(expected))
    if name == "k":
        assert found == pytest.approx(np.concatenate([-np.array([0.01, 0.1, 0.5, 1, 3, 20])[::-1],
                                                      [0.01, 0.1, 0.5, 1, 3, 20]]) / size)  # fmt: skip
    if name == "u":
        assert (found[0], found[-1], len(found)) == (pytest.approx(np.log(2)), pytest.approx(np.log(8)), 9)


def test_starts_stay_within_the_bounds_that_were_asked_for():
    for limits, count in (((-0.5, 0.0), 3), ((0.13, 0.29), 5)):
        found = law_from_formula("c + A * x^b", bound={"b": limits}).axes(SCENE)["b"]
        assert len(found) == count
        assert ((found > limits[0]) & (found < limits[1])).all()
    above = law_from_formula("c + A * x^b", bound={"b": (5.0, np.inf)}).axes(SCENE)["b"]
    below = law_from_formula("c + A * x^b", bound={"b": (-np.inf, -5.0)}).axes(SCENE)["b"]
    assert (above > 5).all()
    assert (below < -5).all()
