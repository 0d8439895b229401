"""Runs on which an exponent hangs are named."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.checks.influence import influence
from scaling_cli.fitting.fit import Grouped, Settings, fit
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
    found = alone(influence(optimum(curve(off=0.03), Objective("least-squares")), NAMES))
    assert found[0].run == "run 39"
    assert found[0].parameter == "b"
    assert abs(found[0].standard_errors) > 1


def test_the_estimate_without_it_is_that_of_a_fit_without_it():
    problem = curve(off=0.03)
    found = alone(influence(optimum(problem, Objective("least-squares")), NAMES))[0]
    rest = problem.subset(np.arange(39))
    without = optimum(rest, Objective("least-squares"))
    assert found.without == float(without.theta[1]) or abs(found.without / without.theta[1] - 1) < 1e-6


def test_many_runs_of_one_noise_hang_on_none():
    assert alone(influence(optimum(curve(), Objective()), NAMES)) == ()


def test_influential_runs_are_a_caveat_with_the_count():
    grouped = Grouped(curve(off=0.03), {}, {}, {}, NAMES)
    result, caveats = fit(grouped, Settings(objective=Objective("least-squares"), interval="none"))
    (found,) = [each for each in caveats if each.code == "influential-run"]
    assert "run 39" in found.message
    assert result.influence[0].run == "run 39"


def runs_with_one_off() -> pl.DataFrame:
    """Named runs of an IsoFLOP grid, whose names sort otherwise than their rows stand, and one far off."""
    generator = np.random.default_rng(3)
    compute = np.repeat(np.geomspace(6e18, 1e21, 5), 6)
    params = np.sqrt(compute / 120) * np.tile(np.geomspace(0.2, 5, 6), 5)
    tokens = compute / 6 / params
    loss = (1.82 + 482 / params**0.35 + 2085 / tokens**0.37) * np.exp(0.003 * generator.standard_normal(30))
    loss[28] *= 1.05
    return pl.DataFrame({"run": [f"r{place}" for place in range(30)], "params": params, "tokens": tokens, "loss": loss})


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        (scaling.fit, {}),
        (scaling.optimal_allocation, {}),
        (scaling.extrapolate, {"estimator": "describe"}),
    ],
    ids=["fit", "optimal-allocation", "extrapolate"],
)
def test_every_verb_names_the_run_as_the_data_do(verb, options):
    caveats = verb(runs_with_one_off(), objective="least-squares", replicates=20, **options).caveats
    (found,) = [each.message for each in caveats if each.code == "influential-run"]
    assert found.startswith("Without run r28, ")


def short_curve(seed: int, off: float = 0.0) -> pl.DataFrame:
    generator = np.random.default_rng([5, seed])
    compute = np.geomspace(1e18, 1e21, 12)
    loss = (600 * compute**-0.15 + 1.8) * np.exp(0.003 * generator.standard_normal(12))
    loss[-1] *= 1 + off
    return pl.DataFrame({"compute": compute, "loss": loss})


def named(frame: pl.DataFrame) -> tuple[bool, bool]:
    """Whether a run is listed as influential, and whether a caveat says so."""
    report = scaling.fit(frame, law="power-constant", interval="none")
    return bool(report.results[0].influence), any(each.code == "influential-run" for each in report.caveats)


@pytest.mark.thorough
def test_the_ends_of_a_short_clean_curve_are_listed_but_are_not_a_caveat():
    listed, doubted = zip(*(named(short_curve(seed)) for seed in range(60)), strict=True)
    assert sum(listed) > 15
    assert sum(doubted) <= 4  # 2 % of 60, with a chance of 1 in 100 of more


def test_the_end_of_a_short_curve_that_is_far_off_is_a_caveat():
    assert sum(named(short_curve(seed, off=0.1))[1] for seed in range(20)) >= 10
