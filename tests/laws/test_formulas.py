"""Formulas mean what they say, and reproduce what papers and their code print."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.formula.tape import compile_tape
from scaling_cli.formula.tree import parse
from scaling_cli.laws import LAWS, find_law
from scaling_cli.laws.formula import FormulaLaw
from tests.laws.designs import draw_design, draw_parameters

written = [
    law
    for law in LAWS
    if not (isinstance(law, FormulaLaw) and law.where) and "=" not in law.formula and not law.is_curve
]


@pytest.mark.parametrize("law", written, ids=lambda law: law.name)
def test_formula_as_printed_is_the_formula_evaluated(law):
    generator = np.random.default_rng(5)
    columns, parameters = draw_design(law, generator, 20), draw_parameters(law, generator)
    by_name = dict(zip(law.names, parameters, strict=True))
    printed = compile_tape(parse(law.formula), law.inputs)
    logs = {name: np.log(values) for name, values in columns.items()}
    value, _ = printed.evaluate({name: np.array([[number]]) for name, number in by_name.items()}, logs)
    np.testing.assert_allclose(law.predict(by_name, columns), np.ravel(value), rtol=1e-9)


def test_m4_solves_its_equation():
    law, generator = find_law("m4"), np.random.default_rng(6)
    for _ in range(20):
        columns = draw_design(law, generator, 30)
        values = dict(zip(law.names, draw_parameters(law, generator), strict=True))
        y = law.predict(values, columns)
        left = (y - values["E"]) / (values["E0"] - y) ** values["alpha"]
        np.testing.assert_allclose(left, values["beta"] * columns["x"] ** values["c"], rtol=1e-8)


def test_bnsl_gives_what_its_authors_code_gives():
    law = find_law("bnsl")
    values = law.published[0].parameters
    predicted = law.predict(values, {"x": np.array([100.0, 400.0, 1000.0])})
    np.testing.assert_allclose(predicted, [2.18098102, 2.05067018, 0.51090961], atol=1e-8)


def test_general_law_is_chinchilla_at_power_one():
    columns = draw_design(find_law("chinchilla"), np.random.default_rng(7), 20)
    values = dict(find_law("chinchilla").published[0].parameters)
    plain = find_law("chinchilla").predict(values, columns)
    np.testing.assert_allclose(find_law("general").predict(values | {"gamma": 1.0}, columns), plain, rtol=1e-12)


def test_tied_exponents_have_one_ratio_of_tokens_to_params():
    law = find_law("chinchilla-tied")
    values = {name: np.array(value) for name, value in law.published[0].parameters.items()}
    # Gadre et al. 2024: M* = 19.613 tokens per param with the coefficients of Muennighoff et al.
    assert law.derived[0].compute(values) == pytest.approx(19.613028, rel=1e-6)
    # and L(C = 1e21, M = 100), where params^2 = C / 6M.
    params = np.sqrt(1e21 / 600)
    columns = {"params": np.array([params]), "tokens": np.array([100 * params])}
    assert law.predict(law.published[0].parameters, columns)[0] == pytest.approx(2.367564367164423, rel=1e-12)


def test_published_parameters_are_those_of_their_law():
    for law in LAWS:
        for fit in law.published:
            assert set(fit.parameters) == set(law.names)
