"""Runs on which an exponent hangs are named."""

from __future__ import annotations

import numpy as np

from scaling_cli.fitting.fit import Grouped, Settings, fit
from scaling_cli.fitting.influence import influence
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law


def curve(points=40, off=0.0, noise=0.004):
    generator = np.random.default_rng(9)
    x = np.geomspace(1e18, 1e22, points)
    loss = (600 * x**-0.15 + 1.8) * np.exp(noise * generator.standard_normal(points))
    loss[-1] *= np.exp(off)
    return problem_from_arrays(find_law("power-constant"), {"x": x}, loss, np.arange(points))


NAMES = tuple(f"run {place}" for place in range(40))


def test_a_run_far_off_at_the_end_is_named_first():
    found = influence(optimum(curve(off=0.03), Objective("least-squares")), NAMES)
    assert found[0].run == "run 39"
    assert found[0].parameter == "b"
    assert abs(found[0].standard_errors) > 1


def test_the_estimate_without_it_is_that_of_a_fit_without_it():
    problem = curve(off=0.03)
    found = influence(optimum(problem, Objective("least-squares")), NAMES)[0]
    rest = problem.subset(np.arange(39))
    without = optimum(rest, Objective("least-squares"))
    assert found.without == float(without.theta[1]) or abs(found.without / without.theta[1] - 1) < 1e-6


def test_many_runs_of_one_noise_hang_on_none():
    assert influence(optimum(curve(), Objective()), NAMES) == ()


def test_influential_runs_are_a_caveat_with_the_count():
    grouped = Grouped(curve(off=0.03), {}, {}, {}, names=NAMES)
    result, caveats = fit(grouped, Settings(objective=Objective("least-squares"), interval="none"))
    (found,) = [each for each in caveats if each.code == "influential-run"]
    assert "run 39" in found.message
    assert result.influence[0].run == "run 39"
