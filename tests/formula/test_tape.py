"""Values and derivatives of formulas, operation by operation."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.errors import DataError
from scaling_cli.formula.tape import as_is, compile_tape
from scaling_cli.formula.tree import parse

X, Y = np.array([1.5, 2.0, 3.0]), np.array([4.0, 0.5, 3.0])
A, B = np.array([[0.7], [1.3]]), np.array([[2.0], [0.9]])


def tape(text, unlogged=()):
    return compile_tape(parse(text), ("x", "y"), frozenset(unlogged))


def evaluated(text, a=A, b=B, unlogged=()):
    inputs = {"x": np.log(X), "y": np.log(Y)} | {as_is(name): {"x": X, "y": Y}[name] for name in unlogged}
    return tape(text, unlogged).evaluate({"a": a, "b": b}, inputs)


FORMULAS = [
    "a + b*x", "a - b", "a - x", "x - a", "a*b", "x*a", "a/b", "a/x", "x/a", "(a + x)/(b + y)", "-a*x", "a*-b",
    "exp(a*x)", "exp(-a)", "log(a + x)", "log(a)", "log(a*x)", "log(x/a)", "log(exp(a)*exp(b))", "softplus(a*x - b)",
    "a**2", "(a + x)**3", "(a + x)**-1", "a**0.5", "(a + x)**-0.5", "sqrt(a + y)", "x**a", "x**-a", "a*x**-b", "2**a",
    "a**b", "(a + x)**b", "x**(a + b)", "b/x**a", "b/exp(a)", "b/exp(a + x)", "a/(x**b)", "non_embedding(a*1e7)",
    "worn(x, a)", "worn(x*2, a + b)", "min(a, x)", "max(a, x)", "min(a*x, b*y)", "max(a*x, b*y)", "min(x, y)*a",
    "a*a + a", "a*x**-b + x**-b", "x**2*a", "a - a*b", "a*(b - x)",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_values_and_derivatives_are_those_of_the_formula(text):
    value, gradient = evaluated(text)
    shape = (2, 3)
    written = parse(text).evaluate({"x": X, "y": Y, "a": A, "b": B})
    np.testing.assert_allclose(np.broadcast_to(value, shape), np.broadcast_to(written, shape), rtol=1e-12)
    assert set(gradient) == {name for name in ("a", "b") if name in parse(text).names()}
    step = 1e-6
    for name, slope in gradient.items():
        above, below = (
            evaluated(text, a=A + sign * step * (name == "a"), b=B + sign * step * (name == "b"))[0] for sign in (1, -1)
        )
        numeric = np.broadcast_to((above - below) / (2 * step), shape)
        np.testing.assert_allclose(np.broadcast_to(slope, shape), numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("text", ["a*x + b", "x**2*a", "a*x**-1", "a + min(x, 2)"])
def test_inputs_may_come_as_they_are(text):
    plain = evaluated(text, unlogged=("x",))
    logged = evaluated(text)
    np.testing.assert_allclose(plain[0], logged[0], rtol=1e-12)
    np.testing.assert_allclose(plain[1]["a"], logged[1]["a"], rtol=1e-12)


def test_at_equal_values_the_first_argument_of_min_and_max_counts():
    for name in ("min", "max"):
        _, gradient = evaluated(f"{name}(a, 0.7)", a=np.array([[0.7]]))
        assert np.broadcast_to(gradient["a"], (1, 1)).item() == 1.0
        _, gradient = evaluated(f"{name}(0.7, a)", a=np.array([[0.7]]))
        assert np.broadcast_to(gradient["a"], (1, 1)).item() == 0.0


def operations(text, unlogged=()):
    return [step.operation for step in tape(text, unlogged).steps]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("x", ["log-input", "exp"]),
        ("log(x)", ["log-input"]),  # known without computing it
        ("x**a", ["log-input", "parameter", "mul", "exp"]),
        ("log(x**a)", ["log-input", "parameter", "mul"]),
        ("log(x*y)", ["log-input", "log-input", "add"]),
        ("log(x/y)", ["log-input", "log-input", "neg", "add"]),
        ("log(a)", ["parameter", "log"]),
        ("a**2", ["parameter", "power"]),
        ("a**-2", ["parameter", "power"]),
        ("sqrt(a)", ["parameter", "power"]),
        ("x**2", ["log-input", "number", "mul", "exp"]),
        ("a*a + a*a", ["parameter", "mul", "add"]),  # each distinct operation once
        ("1/exp(a)", ["number", "parameter", "neg", "exp", "mul"]),
        ("a/x**b", ["parameter", "log-input", "parameter", "neg", "mul", "exp", "mul"]),
        ("a/b", ["parameter", "parameter", "div"]),
    ],
)
def test_the_tape_has_the_fewest_operations(text, steps):
    assert sorted(operations(text)) == sorted(steps)


def test_whole_powers_of_inputs_as_they_are_need_no_log():
    assert operations("x**2", ("x",)) == ["input", "power"]
    assert "log" in operations("x**0.5", ("x",))


@pytest.mark.parametrize(
    ("text", "values", "bad"),
    [
        ("a*log(x)", [1.0, 0.0, -1.0], 2),
        ("a*log(x)", [1.0, 1e-9, 2.0], 0),
        ("a*x**0.5", [1.0, 2.0, 0.0], 1),
        ("a*x**2", [1.0, 0.0, -1.0], 0),
        ("a*x**b", [1.0, 1.0, -1.0], 1),
        ("log(a + x)", [-9.0, -9.0, -9.0], 0),  # depends on a parameter too
        ("log(x - 2)*a", [1.0, 2.0, 3.0], 2),
    ],
)
def test_a_log_of_inputs_that_are_not_positive_is_refused_with_its_place(text, values, bad):
    inputs = {as_is("x"): np.array(values)}
    if not bad:
        tape(text, ("x",)).check(inputs)
    else:
        with pytest.raises(DataError, match=f"not positive at {bad} points"):
            tape(text, ("x",)).check(inputs)


def test_the_message_has_the_part_of_the_formula():
    with pytest.raises(DataError, match=r"the log or a power of \(x - 2\), which"):
        tape("a*log(x - 2)", ("x",)).check({as_is("x"): np.array([1.0])})
