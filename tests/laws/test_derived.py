"""Quantities that are derived from parameters, by hand or by what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from scaling_cli.laws import LAWS, find_law
from scaling_cli.laws.columns import precision

# Parameters, and each derived quantity as a formula of them, written another way than the law writes it.
BY_HAND = {
    "chinchilla": ({"alpha": 0.3, "beta": 0.5}, {"params_exponent": 0.625, "tokens_exponent": 0.375}),
    "chinchilla-tied": ({"A": 100.0, "B": 800.0, "alpha": 0.5}, {"tokens_per_param": 64.0}),
    "general": (
        {"alpha": 0.3, "beta": 0.5, "gamma": 0.7}, {"params_exponent": 0.625, "tokens_exponent": 0.375},
    ),
    "u-shaped": ({"u": 2.0}, {"x_extremum": np.e**2}),
    "bump": ({"u": 2.0}, {"x0": np.e**2}),
    "batch-tradeoff": ({"S_min": 300.0, "B_crit": 20.0}, {"E_min": 6000.0}),
    "sweep-optimum": ({"u": -7.0}, {"scale": np.exp(-7.0)}),
    "encoder-decoder": ({"p_e": 0.2, "p_d": 0.3}, {"encoder_share": 0.4}),
    "float-format": ({"delta": 3.0, "nu": 2.0}, {"best_split": 1.5}),
    "looped": ({"phi": 0.5}, {"r4": 2.0}),
    "multi-power": ({"K": np.e**3}, {"k": 3.0}),
}  # fmt: skip


def derived(name, values):
    arrays = {key: np.array([value]) for key, value in values.items()}
    return {each.name: float(np.squeeze(each.compute(arrays))) for each in find_law(name).derived}


@pytest.mark.parametrize("name", BY_HAND)
def test_derived_quantities_are_those_by_hand(name):
    values, expected = BY_HAND[name]
    found = derived(name, values)
    assert {key: found[key] for key in expected} == pytest.approx(expected)


def test_farseers_printed_parameters_give_its_functions_of_params():
    """Each is fitted by value v and slope s at 1e9 params: v + s ((N / 1e9)^p - 1) / p, printed as a N^p + c."""
    values = {
        "e": 0.3,
        "e1": -0.1,
        "alpha": -0.2,
        "k": 4.0,
        "k1": -0.5,
        "beta": 0.1,
        "r": -1.2,
        "r1": 0.03,
        "gamma": 0.4,
    }
    found = derived("farseer", values)
    for value, slope, power, a, c in (("e", "e1", "alpha", "a", "c"), ("k", "k1", "beta", "b", "d"),
                                      ("r", "r1", "gamma", "g", "f")):  # fmt: skip
        p = values[power]
        for params in (1e9, 3e10):
            expected = values[value] + values[slope] * ((params / 1e9) ** p - 1) / p
            assert found[a] * params**p + found[c] == pytest.approx(expected)


def test_more_tokens_than_the_critical_ones_raise_the_loss_of_a_quantised_model():
    law = find_law("quantised")
    values = {"E": 1.8, "A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.36, "C_T": 0.05, "gamma_D": 0.5,
              "gamma_N": 0.5, "gamma_post": 2.0}  # fmt: skip

    def loss(log_tokens):
        columns = {"params": np.array([1e9]), "tokens": np.array([np.exp(log_tokens)]), "bits": np.array([4.0])}
        return float(law.predict(values, columns)[0])

    best = minimize_scalar(loss, bounds=(20, 36), method="bounded", options={"xatol": 1e-8})
    assert np.log(derived("quantised", values)["critical_tokens"]) == pytest.approx(best.x, abs=1e-3)


def test_the_best_bits_have_the_most_effective_params_for_their_cost():
    law = precision(("bits_w", "bits_a"))
    gammas = {"gamma_bits_w": np.array([2.0, 1.0]), "gamma_bits_a": np.array([3.0, 1.5])}
    found = law.derived[0].compute(gammas)
    for row in range(2):
        widths = [values[row] for values in gammas.values()]

        def wasted(bits, widths=widths):
            return -np.prod([1 - np.exp(-bits / width) for width in widths]) / bits

        best = minimize_scalar(wasted, bounds=(0.1, 40), method="bounded", options={"xatol": 1e-10})
        assert found[row] == pytest.approx(best.x, rel=1e-4)
    assert precision(("bits",)).derived == ()


def test_shares_of_exponents_add_up_to_one():
    for law in LAWS:
        names = {each.name for each in law.derived}
        if {"params_exponent", "tokens_exponent"} <= names:
            found = derived(law.name, {parameter.name: 0.3 for parameter in law.parameters})
            assert found["params_exponent"] + found["tokens_exponent"] == pytest.approx(1.0)
