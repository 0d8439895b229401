"""Many points: starts go by way of a part of them, and end at the optimum of all."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting import optimum as module
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.laws import find_law


def surface(points: int) -> Problem:
    random = np.random.default_rng(3)
    params = 10 ** random.uniform(7, 10, points)
    tokens = params * 10 ** random.uniform(0.5, 3, points)
    loss = (1.8 + 480 / params**0.34 + 2000 / tokens**0.37) * np.exp(random.standard_t(3, points) * 0.01)
    return problem_from_arrays(find_law("chinchilla"), {"params": params, "tokens": tokens}, loss, np.arange(points))


@pytest.mark.parametrize("objective", [Objective(), Objective("least-squares"), Objective("lad")])
def test_the_optimum_is_that_of_all_points(monkeypatch, objective):
    problem = surface(2_000)
    directly = optimum(problem, objective)
    monkeypatch.setattr(module, "MANY_POINTS", 1_000)
    monkeypatch.setattr(module, "PART", 300)
    by_a_part = optimum(problem, objective)
    assert by_a_part.value == pytest.approx(directly.value, rel=1e-9)
    assert by_a_part.theta == pytest.approx(directly.theta, abs=1e-6)
    assert by_a_part.delta == pytest.approx(directly.delta, rel=1e-6)
    assert len(by_a_part.polished.value) == len(directly.polished.value)
    assert by_a_part.agreeing == directly.agreeing
