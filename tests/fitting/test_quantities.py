"""Parameters and derived quantities on the scales on which they get intervals."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.laws import find_law


@pytest.fixture
def quantities():
    rng = np.random.default_rng(0)
    params, tokens = np.exp(rng.uniform(18, 22, 12)), np.exp(rng.uniform(21, 25, 12))
    loss = 1.7 + 400 * params**-0.34 + 400 * tokens**-0.28
    problem = problem_from_arrays(find_law("chinchilla"), {"params": params, "tokens": tokens}, loss, np.arange(12))
    return Quantities(problem)


VALUES = {"E": 1.7, "A": 400.0, "B": 410.0, "alpha": 0.34, "beta": 0.28}


def printed(quantities):
    return np.array([[VALUES[name] for name in quantities.problem.law.names]])


def test_parameters_come_before_what_is_derived(quantities):
    law = quantities.problem.law
    assert quantities.names == (*law.names, *(each.name for each in law.derived))
    values = dict(zip(quantities.names, quantities.of_parameters(printed(quantities))[0], strict=True))
    assert {name: values[name] for name in VALUES} == VALUES
    assert values[law.derived[0].name] == pytest.approx(float(law.derived[0].compute(VALUES)))


def test_coefficients_alone_are_handled_in_logs(quantities):
    told = dict(zip(quantities.names, quantities.is_log, strict=True))
    assert [name for name, is_log in told.items() if is_log] == ["A", "B"]


def test_scaled_values_are_those_of_the_uncentred_coordinates(quantities):
    problem = quantities.problem
    law = problem.law
    raw = np.array([[np.log(VALUES[p.name]) if p.positive else VALUES[p.name] for p in law.parameters]])
    theta = np.array([[0.1, 0.2, 0.3, 0.4, 0.5]])
    scaled = quantities.scaled(theta)
    assert scaled[:, : len(law.names)] == pytest.approx(problem.uncentred(theta))
    assert quantities.unscaled(scaled)[0] == pytest.approx(
        quantities.of_parameters(law.to_parameters(problem.uncentred(theta)))[0]
    )
    assert quantities.unscaled(np.column_stack([raw, np.zeros((1, len(law.derived)))]))[0, : len(law.names)] == (
        pytest.approx(printed(quantities)[0])
    )


def test_gradients_are_by_replicate_quantity_and_coordinate(quantities):
    theta = np.array([[0.1, 0.2, 0.3, 0.4, 0.5], [1.0, 2.0, 1.0, 0.3, 0.2]])
    found = quantities.gradients(theta)
    assert found.shape == (2, len(quantities.names), 5)
    change = 1e-4 * np.array([1.0, -2.0, 0.5, 1.5, -1.0])
    ahead, behind = quantities.scaled(theta + change), quantities.scaled(theta - change)
    assert found @ change == pytest.approx((ahead - behind) / 2, rel=1e-5, abs=1e-9)


def test_a_log_too_large_for_a_number_is_infinite(quantities):
    values = np.full((1, len(quantities.names)), 1e4)
    found = dict(zip(quantities.names, quantities.unscaled(values)[0], strict=True))
    assert (found["A"], found["alpha"]) == (np.inf, 1e4)
