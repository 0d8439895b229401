"""What every law must do, whatever its formula: a new law is tested by being in LAWS."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.errors import UsageError
from scaling_cli.laws import LAWS, find_law
from tests.laws.designs import draw_design, draw_parameters

each_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)


@each_law
def test_jacobian_equals_finite_differences(law):
    generator = np.random.default_rng(1)
    inputs, shift, offset = law.centre(law.prepare(draw_design(law, generator, 40)))
    theta = np.stack([law.to_coordinates(draw_parameters(law, generator)) @ shift.T + offset for _ in range(5)])
    _, jacobian = law.evaluate(theta, inputs)
    step = 1e-6
    for k in range(theta.shape[1]):
        ahead, behind = theta.copy(), theta.copy()
        ahead[:, k] += step
        behind[:, k] -= step
        slope = (law.evaluate(ahead, inputs)[0] - law.evaluate(behind, inputs)[0]) / (2 * step)
        # Central differences err by about step^2 of the third derivative, and by rounding over the step.
        np.testing.assert_allclose(jacobian[:, :, k], slope, rtol=1e-6, atol=1e-8)


@each_law
def test_centring_leaves_predictions_alone(law):
    generator = np.random.default_rng(2)
    raw = law.prepare(draw_design(law, generator, 30))
    theta = law.to_coordinates(draw_parameters(law, generator))[None]
    centred, shift, offset = law.centre(raw)
    np.testing.assert_allclose(
        law.evaluate(theta @ shift.T + offset, centred)[0], law.evaluate(theta, raw)[0], rtol=1e-10
    )


@each_law
def test_parameters_survive_the_way_to_coordinates_and_back(law):
    parameters = draw_parameters(law, np.random.default_rng(3))
    np.testing.assert_allclose(law.to_parameters(law.to_coordinates(parameters)), parameters, rtol=1e-12)


@each_law
def test_replicates_do_not_touch_each_other(law):
    generator = np.random.default_rng(4)
    inputs = law.prepare(draw_design(law, generator, 20))
    theta = np.stack([law.to_coordinates(draw_parameters(law, generator)) for _ in range(4)])
    together, _ = law.evaluate(theta, inputs)
    for row in range(4):
        np.testing.assert_array_equal(together[row], law.evaluate(theta[row : row + 1], inputs)[0][0])


@each_law
def test_law_says_what_it_is(law):
    assert law.formula
    assert law.source
    assert all(parameter.meaning for parameter in law.parameters)
    assert all(quantity.meaning for quantity in law.derived)
    assert find_law(law.name) is law


def test_formulas_mean_what_they_say():
    # L(1e9 params, 2e10 tokens) of the published Chinchilla coefficients, by hand.
    law = find_law("chinchilla")
    values = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
    columns = {"params": np.array([1e9]), "tokens": np.array([2e10])}
    by_hand = 1.69 + 406.4 / 1e9**0.34 + 410.7 / 2e10**0.28
    assert law.predict(values, columns)[0] == pytest.approx(by_hand, rel=1e-12)
    floor = find_law("power-constant")
    assert floor.predict({"a": 3.0, "b": -0.1, "c": 1.5}, {"x": np.array([1e3])})[0] == pytest.approx(
        3.0 * 1e3**-0.1 + 1.5, rel=1e-12
    )


def test_published_kaplan_and_muon_laws_are_power_laws():
    power = find_law("power")
    # Kaplan et al. 2020: L(N) = (8.8e13 / N)^0.076 gives 2.37564 at 1e9 params.
    assert power.predict({"a": 8.8e13**0.076, "b": -0.076}, {"x": np.array([1e9])})[0] == pytest.approx(
        2.37564, abs=5e-6
    )


def test_coefficient_of_zero_is_no_term():
    law = find_law("power-constant")
    x = np.array([10.0, 100.0])
    without = find_law("power").predict({"a": 2.0, "b": -0.3}, {"x": x})
    np.testing.assert_allclose(law.predict({"a": 2.0, "b": -0.3, "c": 0.0}, {"x": x}), without, rtol=1e-14)


def test_unknown_law_is_a_usage_error_that_lists_the_laws():
    with pytest.raises(UsageError) as caught:
        find_law("chincilla")
    assert "chinchilla" in caught.value.hint
