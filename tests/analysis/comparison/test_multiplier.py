"""What one group needs over another at equal loss, and where they are even."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.multiplier import crossover, loss_curves, multipliers
from scaling_cli.laws import find_law
from scaling_cli.results.fit import Estimate, Observations
from tests.factories import chinchilla_result, power_result

MUON, ADAMW = {"a": 2.506, "b": -0.052}, {"a": 2.608, "b": -0.054}


def power(parameters, x=(1.0, 1e4), draws=None):
    estimates = {name: Estimate(value) for name, value in parameters.items()}
    loss = tuple(parameters["a"] * each ** parameters["b"] for each in x)
    law = "power-constant" if "c" in parameters else "power"
    observations = Observations({"x": x}, loss, loss)
    return power_result(law=law, parameters=estimates, observations=observations, draws=draws)


def curves_of(results):
    return loss_curves(results, find_law(results[0].law))


def test_published_muon_needs_about_half_the_compute_of_adamw():
    # Liu et al. 2025, arXiv:2502.16982, table 3, in PF-days.
    muon, adamw = curves_of((power(MUON, (0.1, 1e4)), power(ADAMW)))
    found = multipliers(muon, adamw, 1e7, 0.95)
    assert [row.at for row in found[:-1]] == pytest.approx([1, 10, 100, 1e3, 1e4], rel=1e-9)
    expected = [0.4643, 0.5073, 0.5543, 0.6056, 0.6617]
    assert [row.estimate for row in found[:-1]] == pytest.approx(expected, abs=5e-5)
    assert [row.loss for row in found[:2]] == pytest.approx([2.6080, 2.3031], abs=5e-5)
    assert found[-1].is_extrapolated
    assert not found[0].is_extrapolated


def test_published_muon_and_adamw_cross_far_beyond_the_data():
    found, probability = crossover(*curves_of((power(MUON), power(ADAMW))), 1e9, 0.95)
    assert found.estimate == pytest.approx(4.61e8, rel=2e-3)
    assert (found.place, found.low, found.high, probability) == ("above", None, None, None)


def test_rounding_of_the_published_exponents_alone_leaves_the_crossing_without_an_end():
    generator = np.random.default_rng(0)
    drawn = [
        tuple(map(tuple, np.column_stack([np.full(400, law["a"]), law["b"] + generator.uniform(-5e-4, 5e-4, 400)])))
        for law in (MUON, ADAMW)
    ]
    muon, adamw = curves_of((power(MUON, draws=drawn[0]), power(ADAMW, draws=drawn[1])))
    found, probability = crossover(muon, adamw, 1e7, 0.99)
    assert found.low < found.estimate
    assert found.high is None or found.high > 1e12
    assert 0 < probability < 0.5


def test_equal_losses_are_those_of_the_laws():
    left, right = {"a": 40.0, "b": -0.12, "c": 1.7}, {"a": 30.0, "b": -0.1, "c": 1.5}
    found = multipliers(*curves_of((power(left, (1e10, 1e14)), power(right, (1e10, 1e14)))), 1e16, 0.95)
    for row in found:
        if row.estimate is not None:
            needed = row.at * row.estimate
            assert 40 * needed**-0.12 + 1.7 == pytest.approx(row.loss, rel=1e-9)
            assert 30 * row.at**-0.1 + 1.5 == pytest.approx(row.loss, rel=1e-9)


def test_a_loss_below_the_floor_of_one_cannot_be_bought():
    found = multipliers(
        *curves_of((power({"a": 40.0, "b": -0.12, "c": 2.5}, (1e10, 1e14)), power({"a": 30.0, "b": -0.1, "c": 1.5}))),
        1e30,
        0.95,
    )
    assert found[-1].estimate is None


def test_metrics_that_grow_are_inverted_too():
    left, right = {"a": 5.0, "b": 0.6}, {"a": 4.0, "b": 0.6}
    found = multipliers(*curves_of((power(left, (10.0, 1e3)), power(right, (10.0, 1e3)))), 1e4, 0.95)
    # Twice the exponent's root: left reaches the same rank with less width.
    assert [row.estimate for row in found] == pytest.approx([(4 / 5) ** (1 / 0.6)] * len(found), rel=1e-6)


def test_parallel_laws_do_not_cross():
    found, _ = crossover(*curves_of((power({"a": 5.0, "b": -0.1}), power({"a": 4.0, "b": -0.1}))), 1e9, 0.95)
    assert found is None


def test_a_crossing_inside_the_data_has_its_interval_there():
    generator = np.random.default_rng(1)
    draws = [
        tuple((a * np.exp(e), b) for e in generator.normal(0, 0.003, 300)) for a, b in ((2.6, -0.06), (2.5, -0.05))
    ]
    left = power({"a": 2.6, "b": -0.06}, draws=draws[0])
    right = power({"a": 2.5, "b": -0.05}, draws=draws[1])
    found, probability = crossover(*curves_of((left, right)), 1e5, 0.95)
    assert found.place == "inside"
    assert found.low < (2.6 / 2.5) ** 100 < found.high
    assert probability == 1.0


def test_surfaces_are_compared_along_compute_at_their_best_split():
    one = chinchilla_result(draws=None)
    twice = chinchilla_result(
        draws=None,
        parameters=one.parameters | {"A": Estimate(2 * one.parameters["A"].estimate)},
    )
    drawn = curves_of((one, twice))
    compute = np.geomspace(1e19, 1e24, 4)
    values = {name: value.estimate for name, value in one.parameters.items()}
    params = np.geomspace(1e7, 1e12, 20_000)
    for budget, log_loss in zip(compute, drawn[0].log_loss(np.log(compute)), strict=True):
        tokens = budget / 6 / params
        lowest = (values["E"] + values["A"] / params ** values["alpha"] + values["B"] / tokens ** values["beta"]).min()
        assert np.exp(log_loss) == pytest.approx(lowest, rel=1e-6)
    assert all(row.estimate > 1 for row in multipliers(drawn[1], drawn[0], 1e24, 0.95))
