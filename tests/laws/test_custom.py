"""Formulas that users write are read by a whitelist, differentiated exactly, and fitted like any law."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.formula.functions import non_embedding
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from tests.fitting.test_recovery import simulated

SURFACE = "E + A*params**-alpha + B*tokens**-beta"


@pytest.mark.parametrize(
    "text",
    [
        "E + A*params**-alpha",
        "(A + params/1e9)**-alpha + min(B, tokens**0.5) * exp(-k*params/tokens)",
        "sqrt(A * params) - softplus(b + c*log(tokens)) / max(params, tokens)**d",
        "-(-A)^2 / params + 2**-alpha * +tokens",
        "E + non_embedding(1e9 * A * params)**-alpha * tokens",
    ],
)
def test_value_and_slopes_are_those_of_the_formula(text):
    law = law_from_formula(text)
    generator = np.random.default_rng(1)
    columns = {name: generator.uniform(1.0, 5.0, 30) for name in law.inputs}
    theta = generator.uniform(0.2, 1.0, (3, len(law.names)))
    value, jacobian = law.evaluate_linear(theta, law.prepare(columns))
    functions = {
        "log": np.log, "exp": np.exp, "sqrt": np.sqrt, "min": np.minimum, "max": np.maximum,
        "softplus": lambda x: np.log1p(np.exp(x)), "non_embedding": non_embedding,
    }  # fmt: skip
    for row in range(3):
        values = dict(zip(law.names, law.to_parameters(theta[row]), strict=True))
        by_python = eval(text.replace("^", "**"), functions, {**columns, **values})
        np.testing.assert_allclose(value[row], by_python, rtol=1e-12)
    for k in range(theta.shape[1]):
        step = np.zeros_like(theta)
        step[:, k] = 1e-6
        prepared = law.prepare(columns)
        slope = (law.evaluate_linear(theta + step, prepared)[0] - law.evaluate_linear(theta - step, prepared)[0]) / 2e-6
        np.testing.assert_allclose(jacobian[:, :, k], slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__import__('os').system('true')", "not a number, a name or arithmetic"),
        ("E + params.real", "not a number, a name or arithmetic"),
        ("E + params[0]", "not a number, a name or arithmetic"),
        ("[params for params in E]", "not a number, a name or arithmetic"),
        ("(lambda: 1)() * params", "not a number, a name or arithmetic"),
        ("E if params else A", "not a number, a name or arithmetic"),
        ("E + params > 3", "not a number, a name or arithmetic"),
        ("E + params // 2", "operator at character 12"),
        ("E * params + True", "not a number, a name or arithmetic"),
        ("E + 1e999 * params", "number at character 5 is too large"),
        ("E + sin(params)", r"sin\(\) at character 5 is not a known function"),
        ("E + min(params)", "takes 2 arguments, not 1"),
        ("E + log(params, base=2)", "not a number, a name or arithmetic"),
        ("E + A*params**", "missing at its end"),
        ("(" * 300 + "params" + ")" * 300, "nested"),
        ("params + " * 200 + "E", "1,801 characters"),
        ("E + A*foo**-b", "No name in"),
        ("params * tokens", "no parameter to fit"),
        ("E + A * param**-alpha + tokens", "did you mean params"),
        ("E + A * params**-alpha + lambda", "cannot be read"),
    ],
)
def test_what_is_no_formula_is_a_usage_error(text, said):
    with pytest.raises(UsageError, match=said):
        law_from_formula(text)


def test_surface_written_out_is_the_chinchilla_fit():
    problem, _ = simulated(find_law("chinchilla"), np.random.default_rng(2), noise=0.005)
    written = problem_from_arrays(law_from_formula(SURFACE), problem.columns, problem.observed, problem.runs)
    expected, found = optimum(problem, Objective("huber", 1e-3)), optimum(written, Objective("huber", 1e-3))
    assert found.value == pytest.approx(expected.value, rel=1e-9)
    by_name = dict(zip(written.law.names, written.parameters(found.theta[None])[0], strict=True))
    for name, value in zip(problem.law.names, problem.parameters(expected.theta[None])[0], strict=True):
        assert by_name[name] == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("E + A*params**-alpha*tokens**-beta", {"E": 1.5, "A": 400.0, "alpha": 0.2, "beta": 0.15}),
        ("a - b*log(params)", {"a": 6.0, "b": 0.15}),
        ("E + A / (params + B)**alpha", {"E": 1.2, "A": 300.0, "B": 3e8, "alpha": 0.3}),
        ("c * (1 - exp(-params / scale)) + d", {"c": 2.0, "scale": 3e9, "d": 0.5}),
        ("E + A * params**-alpha * (1 + k * log(tokens))", {"E": 1.0, "A": 90.0, "alpha": 0.25, "k": 0.2}),
    ],
)
def test_written_laws_find_their_parameters(text, truth):
    generator = np.random.default_rng(3)
    columns = {"params": np.exp(generator.uniform(*np.log([4e7, 2e10]), 40))}
    if "tokens" in text:
        columns["tokens"] = np.exp(generator.uniform(*np.log([5e8, 1e12]), 40))
    law = law_from_formula(text)
    observed = law.predict(truth, columns)
    problem = problem_from_arrays(law, columns, observed, np.arange(40))
    best = optimum(problem, Objective("least-squares"))
    found = dict(zip(law.names, problem.parameters(best.theta[None])[0], strict=True))
    predicted = law.predict(found, columns)
    np.testing.assert_allclose(predicted, observed, rtol=1e-7)
    if "(1 + k" not in text:  # there A and alpha stand for themselves, and k is only weakly seen
        assert found == pytest.approx(truth, rel=1e-5)


def frame(seed: int = 4) -> pl.DataFrame:
    problem, _ = simulated(find_law("chinchilla"), np.random.default_rng(seed), noise=0.003)
    return pl.DataFrame({**problem.columns, "loss": problem.observed, "width": np.sqrt(problem.columns["params"])})


def test_columns_of_any_name_are_inputs_and_bounds_hold():
    report = scaling.fit(
        frame(), law="E + A*width**-alpha + B*tokens**-beta", bound={"E": (0.0, 0.1)}, start={"alpha": 0.6},
        interval="none",
    )  # fmt: skip
    result = report.results[0]
    assert set(result.inputs) == {"width", "tokens"}
    assert 0 <= result.parameters["E"].estimate <= 0.1
    assert find_law(result.law, tuple(result.inputs)).names == tuple(result.parameters)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"law": "E + A*width**-a", "x": "width"}, "--x cannot be used with a formula"),
        ({"law": "E + A*width**-a", "start": {"b": 1.0}}, "no parameter 'b'"),
        ({"law": "E + A*width**-a", "bound": {"a": (1.0, 0.0)}}, "lower bound of a, 1, is not below the upper one, 0"),
        ({"law": "E + A*loss**-a"}, "No name in"),
        ({"law": "E + A*token**-a + params"}, "did you mean tokens"),
        ({"law": "chinchilla", "start": {"alpha": 0.3}}, "can be used only with a formula"),
        ({"law": "additive", "x": "width,width"}, "twice"),
    ],
)
def test_wrong_requests_are_usage_errors(options, said):
    with pytest.raises(UsageError, match=said):
        scaling.fit(frame(), interval="none", **options)


def test_laws_of_any_columns_take_them_from_x():
    result = scaling.fit(frame(), law="additive", x="width,tokens", interval="none").results[0]
    assert tuple(result.parameters) == ("E", "A_width", "alpha_width", "A_tokens", "alpha_tokens")
    assert find_law("additive", tuple(result.inputs)).names == tuple(result.parameters)


def test_negative_coefficients_are_allowed_where_asked_for():
    x = np.geomspace(1e3, 1e7, 20)
    runs = pl.DataFrame({"params": x, "loss": 0.9 - 3.0 * x**-0.3})
    options = {"bound": {"A": (-10.0, 10.0), "b": (0.0, 2.0)}, "interval": "none", "space": "linear"}
    result = scaling.fit(runs, law="c + A*params**-b", **options).results[0]
    found = {name: estimate.estimate for name, estimate in result.parameters.items()}
    assert found == pytest.approx({"c": 0.9, "A": -3.0, "b": 0.3}, rel=1e-5)
