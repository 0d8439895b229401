"""What a fit says of laws without powers, of metrics that turn, and of intervals without an end."""

from __future__ import annotations

import pytest

from scaling_cli.results.fit import Estimate
from scaling_cli.sentences.fit import _exponent, sentence
from tests.factories import chinchilla_result, power_result

FLOOR = Estimate(1.8, 1.7, 1.9)


def said(made, subject="Loss"):
    return sentence(made, subject)


def line(b, c=None, **changes):
    parameters = {"a": Estimate(5.0, 4.0, 6.0), "b": b} | ({} if c is None else {"c": c})
    return power_result(law="power" if c is None else "power-constant", parameters=parameters, **changes)


def test_a_falling_loss_has_a_floor_below_it_and_a_growing_metric_one_above():
    falling = said(line(Estimate(-0.1, -0.12, -0.08), FLOOR))
    assert falling == "Loss falls as compute^-0.10 towards 1.80 [1.70, 1.90]."
    assert said(line(Estimate(0.1, 0.08, 0.12), FLOOR)) == "Loss grows as compute^0.10 above 1.80 [1.70, 1.90]."
    assert said(line(Estimate(0.1, 0.08, 0.12))) == "Loss grows as compute^0.10 [0.08, 0.12]."


def test_exponents_of_both_signs_vary():
    parameters = {**chinchilla_result().parameters, "beta": Estimate(-0.2, -0.25, -0.15)}
    found = said(chinchilla_result(parameters=parameters, derived={}))
    assert found == "Loss varies as params^-0.35 and tokens^0.20 above 1.82 [1.77, 1.87]."
    flat = {**chinchilla_result().parameters, "beta": Estimate(0.0, -0.1, 0.1)}
    assert "Loss varies as params^-0.35 and tokens^" in said(chinchilla_result(parameters=flat))
    parameters["alpha"] = Estimate(-0.3, -0.4, -0.2)
    assert "Loss grows as params^0.30 and tokens^0.20 above" in said(chinchilla_result(parameters=parameters))
    unknown = {**chinchilla_result().parameters, "beta": Estimate(None)}
    assert "Loss varies as" in said(chinchilla_result(parameters=unknown))


def test_inputs_have_the_names_of_their_columns():
    made = chinchilla_result(inputs={"params": "non-embedding", "tokens": "D\x1b"}, derived={})
    assert said(made).startswith("Loss falls as non-embedding^-0.35 and D\\x1b^-0.37 towards")


def test_an_exponent_that_a_term_divides_by_changes_its_sign_and_its_ends():
    value = Estimate(0.35, 0.3, 0.41)
    assert _exponent(value, 1, True) == "0.35 [0.30, 0.41]"
    assert _exponent(value, -1, True) == "-0.35 [-0.41, -0.30]"
    assert _exponent(value, -1, False) == "-0.35"
    assert _exponent(Estimate(0.35, None, 0.41), -1, True) == "-0.35 [-0.41, -]"
    assert _exponent(Estimate(None), -1, False) == "-"


def test_a_law_that_is_no_sum_of_powers_is_said_by_its_formula_with_what_matters_most():
    parameters = {
        "L0": Estimate(2.0, 1.9, 2.1),
        "E": FLOOR,
        "k": Estimate(0.5, 0.4, 0.6),
        "x0": Estimate(3.0, 2.0, 4.0),
    }
    made = power_result(law="m4", formula="a formula\x1b", parameters={
        "alpha": Estimate(0.35, 0.3, 0.4), "A": Estimate(5.0, 4.0, 6.0), "zeta": Estimate(2.0, 1.0, 3.0), **parameters,
    })  # fmt: skip
    found = said(made)
    assert found.startswith("Loss follows a formula\\x1b, with ")
    assert found.count(" = ") == 3


def test_exponents_come_before_floors_and_floors_before_what_a_law_does_not_name():
    from scaling_cli.laws import find_law

    law = find_law("general")
    kinds = {each.name: each.kind for each in law.parameters}
    exponents = [name for name, kind in kinds.items() if kind == "exponent"]
    (floor,) = [name for name, kind in kinds.items() if kind == "floor"]
    values = {"unknown": Estimate(9.0, 8.0, 10.0), floor: FLOOR, exponents[0]: Estimate(0.35, 0.3, 0.4)}
    made = chinchilla_result(law="general", formula=law.formula, parameters=values, derived={})
    assert said(made) == (
        f"Loss follows {law.formula}, with {exponents[0]} = 0.35 [0.30, 0.40], {floor} = 1.80 [1.70, 1.90], "
        "unknown = 9.0 [8.0, 10.0]."
    ).replace("9.0 [8.0, 10.0]", "9 [8, 10]")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            Estimate(1e19, 5e18, 2e19),
            "; it turns at compute = 1e19 [5e18, 2e19], within the runs, so it is not monotone",
        ),
        (Estimate(1e19, 1e17, 2e19), "which may lie outside the runs, so it may be monotone"),
        (Estimate(1e19, 5e18, 1e20), "which may lie outside the runs"),
        (Estimate(1e19, None, 2e19), "; it turns at compute = 1e19 [-, 2e19]."),
        (Estimate(1e19, 5e18, None), "; it turns at compute = 1e19 [5e18, -]."),
        (Estimate(None), None),
    ],
)
def test_where_a_metric_turns_is_said_with_whether_it_is_within_the_runs(place, words):
    found = said(line(Estimate(-0.1, -0.12, -0.08), derived={"x_extremum": place}))
    assert ("turns" in found) == (words is not None)
    assert words is None or words in found
    elsewhere = line(Estimate(-0.1), derived={"x_extremum": place}, inputs={"x": "step"})
    assert "turns" not in said(elsewhere)


@pytest.mark.parametrize("ends", [(None, 0.4), (0.6, None)])
def test_a_split_without_an_end_is_said_as_a_power(ends):
    found = said(chinchilla_result(derived={"params_exponent": Estimate(0.51234, *ends)}))
    assert found.endswith("; best params grow as compute^0.51.")
    assert "compute" not in said(chinchilla_result(derived={"params_exponent": Estimate(None, 0.4, 0.6)}))
