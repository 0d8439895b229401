"""Functions of formulas against their definitions."""

import numpy as np
import pytest

from scaling_cli.formula.functions import (
    FUNCTIONS,
    PEARCE_SONG,
    embedding_growth,
    non_embedding,
    softplus,
    with_embedding,
    worn,
    worn_slope,
)
from scaling_cli.formula.tree import degree, linear_names, parse


def test_params_without_embeddings_are_the_root_of_their_equation():
    params = np.array([1e6, 1e8, 7e10])
    rest = non_embedding(params)
    np.testing.assert_allclose(rest + PEARCE_SONG * np.cbrt(rest), params, rtol=1e-9)
    np.testing.assert_allclose(with_embedding(rest), params, rtol=1e-9)


def test_the_slope_of_worn_data_is_that_of_its_sum():
    epochs, half_life, step = np.array([1.0, 2.5, 7.0]), 3.0, 1e-6

    def worn(half):
        total = np.zeros(3)
        for epoch in range(1, 7):
            total += np.log(np.clip(epochs, epoch, epoch + 1) / epoch) * 0.5 ** (epoch / half)
        return total

    expected = (worn(half_life + step) - worn(half_life - step)) / (2 * step)
    np.testing.assert_allclose(worn_slope(epochs, np.array(half_life)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("x", 1.0), ("2", 0.0), ("y", 0.0), ("3*x + y", 1.0), ("x*x", np.inf), ("x/y", 1.0), ("y/x", np.inf)],
)
def test_the_degree_of_a_formula(formula, expected):
    assert degree(parse(formula), frozenset({"x"})) == expected


def test_functions_at_values_that_are_known():
    one = np.array([1.0])
    assert softplus(np.array([0.0, 800.0, -800.0])).tolist() == [np.log(2), 800.0, 0.0]
    growth = embedding_growth(np.array([1e6]))
    step = (with_embedding(np.array([1e6 + 1])) - with_embedding(np.array([1e6 - 1]))) / 2
    np.testing.assert_allclose(growth, step, rtol=1e-8)
    assert worn(one, np.array([3.0])).tolist() == [0.0]
    np.testing.assert_allclose(worn(np.array([2.0, 1.5]), np.array(1.0)), [0.5 * np.log(2), 0.5 * np.log(1.5)])
    third = 0.5 * np.log(2) + 0.25 * np.log(1.5)
    np.testing.assert_allclose(worn(np.array([3.0, 0.5]), np.array(1.0)), [third, 0.0])
    assert worn(np.array([2001.0]), np.array(1e9)).item() == pytest.approx(
        worn(np.array([2000.0]), np.array(1e9)).item()
    )  # further epochs change nothing


@pytest.mark.parametrize(
    ("formula", "linear"),
    [
        ("a + b*x", ("a", "b")),
        ("a*b", ("a",)),
        ("a*x**b", ("a",)),
        ("-a - b/x", ("a", "b")),
        ("x/a + b", ("b",)),
        ("exp(a) + b", ("b",)),
        ("log(x)*a", ("a",)),
        ("a*a", ()),
    ],
)
def test_parameters_in_which_a_formula_is_linear(formula, linear):
    names = tuple(name for name in parse(formula).names() if name != "x")
    assert linear_names(parse(formula), tuple(sorted(names))) == linear


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e308])
def test_every_function_gives_the_other_values_whatever_one_of_them_is(name, odd):
    count, function = FUNCTIONS[name]
    usual = np.array([2.5, 3.0])
    for place in range(count):
        given = [usual.copy() for _ in range(count)]
        given[place][0] = odd
        with np.errstate(all="ignore"):
            found = function(*given)
            assert found[1] == function(*[usual] * count)[1]
            assert np.isnan(odd) <= np.isnan(found[0])
            assert np.isnan(function(*[np.full(2, np.nan)] * count)).all()
